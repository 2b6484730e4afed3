#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "environment/registry.h"
#include "experience/selection/selection.h"
#include "orchestrate/pipeline.h"
#include "rollout/scripted_engine.h"

// A pipeline with scripted engines and trainers that only take notes, on virtual time.

namespace troupe {

/// What a trainer saw of one group.
struct SeenGroup {
  std::int64_t step = 0;  ///< the version that trained on it
  std::vector<std::string> sample_ids;
  std::vector<std::int64_t> versions;  ///< of its sampled segments, in their order
  bool operator==(const SeenGroup&) const = default;
};

/// A trainer that only writes down what it was given.
class RecordingTrainer final : public TrainEngine {
 public:
  explicit RecordingTrainer(Executor& executor) : executor_(executor) {}

  Async<Status> accumulate(std::shared_ptr<const Group> group) override {
    EXPECT_FALSE(seen.contains(group->key)) << "a group was trained on twice";
    first_backward = std::min(first_backward, executor_.now());
    SeenGroup& note = seen[group->key];
    note.step = version_.number;
    for (const Trajectory& row : group->rows) {
      note.sample_ids.push_back(row.sample_id);
      for (const Segment& segment : row.segments) {
        if (!segment.sampled) continue;
        EXPECT_GE(segment.version.number, version_.number - bound) << "stale";
        EXPECT_LE(segment.version.number, version_.number) << "of the future";
        worst = std::max(worst, version_.number - segment.version.number);
        note.versions.push_back(segment.version.number);
      }
    }
    ++running_;
    co_await on_worker(executor_, "backward", 1, [] {});
    --running_;
    co_return Status();
  }
  Async<Result<StepResult>> step(std::int64_t, double) override {
    EXPECT_EQ(running_, 0) << "the step did not wait for its backward passes";
    co_await on_worker(executor_, "optimizer", 0, [] {});
    ++version_.number;
    co_return StepResult();
  }
  Version version() const override { return version_; }

  std::int64_t bound = 0;  ///< most versions that a sample may be old
  std::int64_t worst = 0;
  std::map<GroupKey, SeenGroup> seen;
  Nanos first_backward = INT64_MAX;

 private:
  Executor& executor_;
  Version version_;
  int running_ = 0;
};

/// Two agents of `chain`, played by scripted engines.
struct PipelineStage {
  explicit PipelineStage(std::uint64_t seed, double failure_rate)
      : rng(seed), failures(failure_rate) {
    VirtualOptions options;
    options.seed = seed;
    executor = make_virtual_executor(options);
    auto made = make_environment("chain", EnvironmentServices{disk});
    EXPECT_TRUE(made);
    spec = std::move(*made);
    OptionSet set("environment");
    spec->declare(set);
    EXPECT_TRUE(spec->prepare());
    tokenizer = make_symbol_tokenizer(spec->alphabet());
    for (const std::string& agent : spec->agents()) add(agent);
    open_store();
  }

  /// Reads what the journal has and goes on after `steps` steps.
  void open_store(std::int64_t steps = 0, const std::string& selection = "admission",
                  bool paced = false, std::int64_t groups = 12) {
    JournalOptions journal;
    journal.folder = "/experience";
    ExperienceStore::Setting from{*executor, disk, journal, {}, {}};
    for (const PolicyLane& lane : lanes) {
      ExperienceStore::Policy policy;
      policy.name = lane.policy;
      policy.agents = lane.agents;
      policy.selector = std::move(*make_selector(selection, 0));
      if (paced) policy.admission = lane.admission(groups);
      from.policies.push_back(std::move(policy));
    }
    auto opened = ExperienceStore::open(std::move(from));
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
    ASSERT_TRUE(store->restart(steps, 0, std::vector<std::int64_t>(lanes.size(), steps)));
  }

  void add(const std::string& agent) {
    engines.push_back(std::make_unique<ScriptedEngine>(
        *executor,
        [this](const GenerateRequest&) -> Result<Generation> {
          if (rng.uniform() < failures) return fail(ErrorCode::kUnavailable, "engine lost");
          Generation out;
          out.tokens = {static_cast<TokenId>(1 + rng.below(4)), 0};
          out.logprobs = {-1.0F, -0.1F};
          return out;
        },
        [this](const GenerateRequest& request) { return duration(request); }));
    trainers.push_back(std::make_unique<RecordingTrainer>(*executor));
    AgentBinding binding;
    binding.policy = agent;
    binding.engine = engines.back().get();
    binding.tokenizer = tokenizer;
    binding.max_answer_tokens = 2;
    binding.max_context = 32;
    bindings[agent] = binding;
    PolicyLane lane;
    lane.policy = agent;
    lane.agents = {agent};
    lane.rollout = engines.back().get();
    lane.train = trainers.back().get();
    lane.group_bytes = 1000;
    lanes.push_back(lane);
  }

  PipelineSetting setting() {
    PipelineSetting out{*executor, *spec, bindings, lanes, *store};
    out.refill.batch = 12;
    out.groups = 12;
    out.group_size = 4;
    out.micro_batch = 2;
    return out;
  }

  MemoryDisk disk;
  Rng rng;
  double failures;
  /// How long an answer takes.
  std::function<Nanos(const GenerateRequest&)> duration = [this](const GenerateRequest&) {
    return static_cast<Nanos>(kMillisecond + rng.below(200) * kMillisecond);
  };
  std::unique_ptr<Executor> executor;
  std::unique_ptr<EnvironmentSpec> spec;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::vector<std::unique_ptr<ScriptedEngine>> engines;
  std::vector<std::unique_ptr<RecordingTrainer>> trainers;
  AgentBindings bindings;
  std::vector<PolicyLane> lanes;
  std::unique_ptr<ExperienceStore> store;
};

/// Steps 0 to `steps` - 1 of a run of as many.
inline Async<Status> run_pipeline(PipelineSetting setting, int steps,
                                  std::vector<StepOutcome>& outcomes) {
  setting.steps = steps;
  Pipeline pipeline(std::move(setting), 0);
  Status status;
  for (int step = 0; step < steps && status; ++step) {
    auto outcome = co_await pipeline.step(step, std::vector<double>(2, 1e-3));
    if (outcome) {
      outcomes.push_back(std::move(*outcome));
    } else {
      status = tl::unexpected(outcome.error());
    }
  }
  co_await pipeline.stop();
  co_return status;
}

}  // namespace troupe
