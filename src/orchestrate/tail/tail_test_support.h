#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "experience/selection/selection.h"
#include "orchestrate/pipeline.h"
#include "orchestrate/tail/make_tail.h"
#include "rollout/scripted_engine.h"

// One agent whose answers are as long as its environment says, a whole run of them on virtual time:
// what a tail policy loses, repeats or prefers shows in what was trained on.

namespace troupe {

/// Log-normal, median 40 and p99/p50 about 10 tokens (sigma = ln 10 / 2.326).
inline std::int64_t drawn_length(std::uint64_t seed) {
  Rng rng(seed_join(seed, "length"));
  return 1 + static_cast<std::int64_t>(40 * std::exp(0.99 * rng.normal()));
}

/// How many tokens a member's answers have over the whole episode. All randomness of an episode
/// follows from its task's place and its member, so that a task that is played again is the same.
inline std::int64_t length_of(std::int64_t place, int member, int turns = 1) {
  std::uint64_t seed = seed_join(seed_join(1, "rollout"), static_cast<std::uint64_t>(place));
  seed = seed_join(seed_join(seed, static_cast<std::uint64_t>(member)), "environment");
  std::int64_t out = 0;
  for (int t = 0; t < turns; ++t) {
    out += drawn_length(seed_join(seed, static_cast<std::uint64_t>(t)));
  }
  return out;
}

/// Tells the agent how long its answer is to be, by as many prompts as there are turns.
class LengthSpec final : public EnvironmentSpec {
 public:
  explicit LengthSpec(int turns) : turns_(turns) {}
  std::string name() const override { return "length"; }
  std::string summary() const override { return "answers of a given length"; }
  std::string optimum() const override { return "none"; }
  void declare(OptionSet&) override {}
  Status prepare() override { return {}; }
  std::vector<std::string> agents() const override { return {"speaker"}; }
  std::string alphabet() const override { return "0123456789>"; }
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split, std::uint64_t index) const override {
    return Task{std::to_string(index), ""};
  }
  std::unique_ptr<Environment> make() const override { return std::make_unique<Played>(turns_); }
  int max_answer() const override { return 1; }
  int max_turns() const override { return turns_; }
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }

 private:
  class Played final : public Environment {
   public:
    explicit Played(int turns) : turns_(turns) {}
    Result<Turn> reset(const Task&, std::uint64_t seed) override {
      seed_ = seed;
      return next();
    }
    Result<Turn> step(const std::vector<Action>&) override { return next(); }
    Outcome outcome() const override { return {{Rng(seed_).uniform()}, true}; }
    Result<std::string> demonstrate(const Prompt&, double, Rng&) const override {
      return fail(ErrorCode::kNotFound, "nobody teaches length");
    }

   private:
    Result<Turn> next() {
      if (played_ == turns_) return Turn{};
      const std::uint64_t seed = seed_join(seed_, static_cast<std::uint64_t>(played_++));
      return Turn{{Prompt{"speaker", ">" + std::to_string(drawn_length(seed))}}};
    }
    int turns_;
    int played_ = 0;
    std::uint64_t seed_ = 0;
  };
  int turns_;
};

/// A trainer whose weights stay as they are; keeps what each step was trained on.
class LengthTrainer final : public TrainEngine {
 public:
  struct Sample {
    std::int64_t place = 0;
    int member = 0;
    std::int64_t tokens = 0;
    std::int64_t age = 0;  ///< in versions, of its oldest token
  };
  explicit LengthTrainer(Executor& executor) : executor_(executor) {}
  Async<Status> accumulate(std::shared_ptr<const Group> group) override {
    for (const Trajectory& row : group->rows) {
      Sample sample;
      sample.place = std::stoll(group->task);
      sample.member = row.member;
      sample.tokens = row.sampled_tokens();
      for (const Segment& segment : row.segments) {
        if (!segment.sampled) continue;
        sample.age = std::max(sample.age, version_.number - segment.version.number);
      }
      trained[version_.number].push_back(sample);
    }
    co_await on_worker(executor_, "backward", 1, [] {});
    co_return Status();
  }
  Async<Result<StepResult>> step(std::int64_t, double) override {
    ++version_.number;
    co_return StepResult();
  }
  Version version() const override { return version_; }
  void go_on_from(std::int64_t version) { version_.number = version; }

  std::map<std::int64_t, std::vector<Sample>> trained;  ///< by step

 private:
  Executor& executor_;
  Version version_;
};

/// What a run goes on from.
struct TailCheckpoint {
  std::int64_t steps = 0;
  std::int64_t place = 0;
  std::deque<std::int64_t> queue;
};

struct TailStageOptions {
  std::string tail = "none";
  double factor = 1.25;
  double staleness = 0;                 ///< above 0: overlap, weights kept
  const char* selection = "admission";  ///< of experience
  double failures = 0;                  ///< share of answers that an engine loses
  int turns = 1;
  std::uint64_t seed = 1;  ///< of the timing; what is generated is always the same
  const Workflow* workflow = &follow_environment();
};

/// Steps of 8 groups of 4.
struct TailStage {
  static constexpr std::int64_t kGroups = 8;
  static constexpr std::int64_t kMembers = 4;

  explicit TailStage(TailStageOptions options_in, TailCheckpoint from = {},
                     std::unique_ptr<MemoryDisk> disk_in = std::make_unique<MemoryDisk>())
      : options(options_in), disk(std::move(disk_in)), spec(options_in.turns), rng(options.seed) {
    VirtualOptions timing;
    timing.seed = options.seed;
    executor = make_virtual_executor(timing);
    tokenizer = make_symbol_tokenizer(spec.alphabet());
    trainer = std::make_unique<LengthTrainer>(*executor);
    trainer->go_on_from(from.steps);
    engine = std::make_unique<ScriptedEngine>(
        *executor, [this](const GenerateRequest& r) { return answer(r); },
        [this](const GenerateRequest& r) { return asked_for(r) * kMillisecond; });
    const Status loaded = engine->load(trainer->version(), nullptr, InFlight::kKeep);
    EXPECT_TRUE(loaded);
    open_store(from);
    AgentBinding binding;
    binding.policy = "speaker";
    binding.engine = engine.get();
    binding.tokenizer = tokenizer;
    binding.max_answer_tokens = 1;
    binding.max_context = 1 << 20;
    PolicyLane lane;
    lane.policy = "speaker";
    lane.agents = {"speaker"};
    lane.rollout = engine.get();
    lane.train = trainer.get();
    lane.group_bytes = 1000;
    if (options.staleness > 0) {
      lane.mode = PipelineMode::kOverlap;
      lane.staleness = options.staleness;
      lane.update = WeightUpdate::kKeep;
    }
    policy = make_tail(options.tail, options.factor, kGroups, kMembers);
    setting = std::make_unique<PipelineSetting>(
        PipelineSetting{*executor, spec, AgentBindings{{"speaker", binding}}, {lane}, *store});
    setting->groups = setting->refill.batch = kGroups;
    setting->group_size = kMembers;
    setting->tail = policy.get();
    setting->workflow = options.workflow;
  }

  /// The number at the end of the context.
  [[nodiscard]] std::int64_t asked_for(const GenerateRequest& request) const {
    const std::string text = tokenizer->decode(request.context);
    return std::stoll(text.substr(text.rfind('>') + 1));
  }

  Result<Generation> answer(const GenerateRequest& request) {
    if (rng.uniform() < options.failures) return fail(ErrorCode::kUnavailable, "engine lost");
    Generation out;
    out.tokens.assign(static_cast<std::size_t>(asked_for(request)), tokenizer->end());
    out.logprobs.assign(out.tokens.size(), -1.0F);
    return out;
  }

  void open_store(const TailCheckpoint& from) {
    JournalOptions journal;
    journal.folder = "/experience";
    ExperienceStore::Setting where{*executor, *disk, journal, {}, {}};
    ExperienceStore::Policy table;
    table.name = "speaker";
    table.agents = {"speaker"};
    if (options.tail == "none") {
      AdmissionSettings pace;
      pace.batch = kGroups;
      pace.staleness = options.staleness;
      table.admission = pace;
    }
    auto selector = make_selector(options.selection, 0);
    ASSERT_TRUE(selector);
    table.selector = std::move(*selector);
    where.policies.push_back(std::move(table));
    auto opened = ExperienceStore::open(std::move(where));
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
    ASSERT_TRUE(store->restart(from.steps, from.place, {from.steps}));
  }

  TailStageOptions options;
  std::unique_ptr<MemoryDisk> disk;
  LengthSpec spec;
  Rng rng;
  std::unique_ptr<Executor> executor;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<LengthTrainer> trainer;
  std::unique_ptr<ScriptedEngine> engine;
  std::unique_ptr<ExperienceStore> store;
  std::unique_ptr<TailPolicy> policy;
  std::unique_ptr<PipelineSetting> setting;
};

}  // namespace troupe
