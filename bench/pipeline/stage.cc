#include "pipeline/stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "experience/selection/selection.h"
#include "orchestrate/pipeline.h"
#include "orchestrate/run_experience.h"
#include "orchestrate/tail/make_tail.h"
#include "pipeline/planned_engine.h"
#include "pipeline/workload.h"
#include "simulate/workload/planned_workflow.h"
#include "train/trainer.h"

namespace troupe::bench {
namespace {

constexpr int kMaxContext = WorkloadSpec::kTurns * (kLongestAnswer + 16);
constexpr double kLearningRate = 1e-4;

/// About 200,000 parameters: a step takes a fraction of a second on two cores.
ModelConfig shape(int vocab) {
  ModelConfig c;
  c.width = 64;
  c.layers = 4;
  c.heads = 4;
  c.kv_heads = 2;
  c.head_dim = 16;
  c.ffn = 192;
  c.vocab = vocab;
  c.max_positions = kMaxContext;
  return c;
}

/// A trainer that writes down what it is given.
class NotingTrainer final : public TrainEngine {
 public:
  struct Noted {
    GroupKey key;
    std::int64_t tokens = 0;
    std::int64_t sampled = 0;
    /// Of each episode: tokens that it sampled, seconds that its tools took.
    std::vector<std::pair<std::int64_t, double>> episodes;
  };
  NotingTrainer(Trainer& trainer, std::shared_ptr<const Tokenizer> tokenizer)
      : trainer_(trainer), tokenizer_(std::move(tokenizer)) {}

  Async<Status> accumulate(std::shared_ptr<const Group> group) override {
    Noted noted;
    noted.key = group->key;
    for (const Trajectory& row : group->rows) {
      double tools = 0;
      for (const Segment& segment : row.segments) {
        if (!segment.sampled) tools += planned(tokenizer_->decode(segment.tokens)).tool_seconds;
      }
      noted.tokens += row.tokens();
      noted.sampled += row.sampled_tokens();
      noted.episodes.emplace_back(row.sampled_tokens(), tools);
    }
    steps.resize(static_cast<std::size_t>(trainer_.version().number) + 1);
    steps.back().push_back(std::move(noted));
    return trainer_.accumulate(std::move(group));
  }
  Async<Result<StepResult>> step(std::int64_t groups, double learning_rate) override {
    return trainer_.step(groups, learning_rate);
  }
  Version version() const override { return trainer_.version(); }

  std::vector<std::vector<Noted>> steps;

 private:
  Trainer& trainer_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

class Stage {
 public:
  Stage(const Options& options, const Mode& mode)
      : options_(options),
        mode_(mode),
        spec_(options.time_scale),
        executor_(make_live_executor(options.workers)),
        tokenizer_(make_symbol_tokenizer(spec_.alphabet())),
        trainer_(*executor_, "agent", OptimizerOptions(), AlgorithmOptions(),
                 std::make_shared<const Weights>(random_weights(shape(tokenizer_->size()), 1))),
        noting_(trainer_, tokenizer_),
        tail_(make_tail(mode.tail, PipelineOptions().tail_factor, options.groups,
                        options.group_size)) {
    trainer_.configure(1.0F, kLongestAnswer, PipelineOptions().pack_tokens);
    LocalEngine::Options engine;
    engine.end_token = -1;
    engine_ = std::make_unique<PlannedEngine>(
        std::make_unique<LocalEngine>(*executor_, engine, trainer_.version(), trainer_.decoder()),
        tokenizer_);
  }

  Result<Measured> run() {
    TROUPE_TRY(open_store());
    Measured out;
    TROUPE_TRY(executor_->run(measure(out)));
    account(out);
    return out;
  }

 private:
  Status open_store() {
    JournalOptions journal;
    journal.folder = "/experience";
    journal.segment_bytes = kMemorySegment;
    ExperienceStore::Setting setting{*executor_, disk_, journal, {}, {}};
    ExperienceStore::Policy table;
    table.name = "agent";
    table.agents = {"agent"};
    if (mode_.tail == "none") {  // as in a run: with a tail policy the flow admits
      AdmissionSettings pace;
      pace.batch = options_.groups;
      pace.staleness = mode_.options.bound();
      table.admission = pace;
    }
    TROUPE_ASSIGN(table.selector, make_selector(mode_.selection, 0));
    setting.policies.push_back(std::move(table));
    TROUPE_ASSIGN(store_, ExperienceStore::open(std::move(setting)));
    return store_->restart(0, 0, {0});
  }

  [[nodiscard]] PolicyLane lane() {
    PolicyLane lane;
    lane.policy = "agent";
    lane.agents = {"agent"};
    lane.rollout = engine_.get();
    lane.train = &noting_;
    lane.group_bytes = static_cast<std::uint64_t>(options_.group_size * kMaxContext) * 8;
    lane.mode = mode_.options.pipeline_mode();
    lane.staleness = mode_.options.bound();
    lane.update = mode_.options.weight_update();
    lane.publish = [this](InFlight in_flight) {
      return engine_->load(trainer_.version(), trainer_.decoder(), in_flight);
    };
    return lane;
  }

  [[nodiscard]] PipelineSetting setting() {
    AgentBinding binding;
    binding.policy = "agent";
    binding.engine = engine_.get();
    binding.tokenizer = tokenizer_;
    binding.max_answer_tokens = kLongestAnswer;
    binding.max_context = kMaxContext;
    PipelineSetting out{*executor_, spec_, AgentBindings{{"agent", binding}}, {lane()}, *store_};
    out.steps = options_.steps;
    out.groups = out.refill.batch = options_.groups;
    out.group_size = options_.group_size;
    out.tail = tail_.get();
    static const PlannedWorkflow workflow(nullptr, [](const std::string&) {});
    out.workflow = &workflow;
    return out;
  }

  [[nodiscard]] double seconds() const { return static_cast<double>(executor_->now()) / kSecond; }

  [[nodiscard]] StateSeconds states() const {
    StateSeconds out;
    for (const auto& worker : executor_->worker_states()) {
      for (const auto& [state, nanos] : worker) out[state] += static_cast<double>(nanos) / kSecond;
    }
    return out;
  }

  /// Decodes answers that have the machine for themselves. The best counts: others on the machine
  /// can only make one slower, and a bound must not be too high.
  Async<Status> one_alone(Measured& out) {
    constexpr int kTokens = 200;
    out.token_seconds = 1;
    auto ids = tokenizer_->encode(fmt::format(">{}:0", kTokens));
    if (!ids) co_return tl::unexpected(ids.error());
    for (int i = 0; i < 8; ++i) {
      auto session = co_await engine_->open(kMaxContext, Wait(60 * kSecond, "an idle engine"));
      if (!session) co_return tl::unexpected(session.error());
      GenerateRequest request;
      request.context = *ids;
      const double before = seconds();
      auto answer = co_await engine_->generate(*session, std::move(request));
      if (!answer) co_return tl::unexpected(answer.error());
      out.token_seconds = std::min(out.token_seconds, (seconds() - before) / kTokens);
    }
    co_return Status();
  }

  Async<Status> measure(Measured& out) {
    Status alone = co_await one_alone(out);
    if (!alone) co_return alone;
    const std::int64_t sampled = engine_->tokens_sampled();
    Pipeline pipeline(setting(), 0);
    const StateSeconds before = states();
    Status status;
    for (std::int64_t step = 0; step < options_.steps && status; ++step) {
      const double began = seconds();
      auto done = co_await pipeline.step(step, std::vector<double>(1, kLearningRate));
      if (!done) {
        status = tl::unexpected(done.error());
        break;
      }
      out.step_seconds.push_back(seconds() - began);
      out.staleness = std::max(out.staleness, done->numbers.front().staleness);
      out.used += done->numbers.front().tokens_generated;
      out.trained += done->numbers.front().tokens_trained;
    }
    out.states = states();
    for (const auto& [state, spent] : before) out.states[state] -= spent;
    co_await pipeline.stop();  // what a tail policy had begun for no step
    out.sampled = engine_->tokens_sampled() - sampled;
    out.digest = trainer_.weights()->digest();
    co_return status;
  }

  /// Shares the busy seconds of the run among its steps, by their tokens.
  void account(Measured& out) const {
    const double generate = out.states["generate"] + out.states["help: generate"];
    const double backward = out.states["backward"];
    for (std::size_t s = 0; s < noting_.steps.size(); ++s) {
      StepWork step;
      step.optimizer = out.states["optimizer"] / static_cast<double>(noting_.steps.size());
      for (const auto& noted : noting_.steps[s]) {
        const double share = static_cast<double>(noted.tokens) / static_cast<double>(out.trained);
        step.generate +=
            generate * static_cast<double>(noted.sampled) / static_cast<double>(out.used);
        step.backward += backward * share;
        GroupWork group;
        group.begins =
            mode_.options.bound() > 0 ? noted.key.step - 1 : static_cast<std::int64_t>(s);
        for (const auto& [tokens, tools] : noted.episodes) {
          group.chain =
              std::max(group.chain, static_cast<double>(tokens) * out.token_seconds + tools);
        }
        group.chain += backward * share;
        step.groups.push_back(group);
      }
      out.work.push_back(std::move(step));
    }
    out.least = least_seconds(out.work, options_.workers);
  }

  const Options& options_;
  const Mode& mode_;
  WorkloadSpec spec_;
  MemoryDisk disk_;
  std::unique_ptr<Executor> executor_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  Trainer trainer_;
  NotingTrainer noting_;
  std::unique_ptr<PlannedEngine> engine_;
  std::unique_ptr<TailPolicy> tail_;
  std::unique_ptr<ExperienceStore> store_;
};

}  // namespace

double Measured::seconds() const {
  return std::accumulate(step_seconds.begin(), step_seconds.end(), 0.0);
}

double Measured::idle_share() const {
  double idle = 0;
  double all = 0;
  for (const auto& [state, spent] : states) {
    all += spent;
    if (state.starts_with("wait: ")) idle += spent;
  }
  return idle / std::max(all, 1e-9);
}

Result<Measured> measure(const Options& options, const Mode& mode) {
  return Stage(options, mode).run();
}

}  // namespace troupe::bench
