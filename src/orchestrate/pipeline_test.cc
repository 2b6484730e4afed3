#include "orchestrate/pipeline.h"

#include <gtest/gtest.h>

#include <set>

#include "base/rng.h"
#include "environment/registry.h"
#include "rollout/scripted_engine.h"

namespace troupe {
namespace {

/// A trainer that only writes down what it was given.
class RecordingTrainer final : public TrainEngine {
 public:
  explicit RecordingTrainer(Executor& executor) : executor_(executor) {}

  Async<void> accumulate(std::shared_ptr<const Group> group) override {
    EXPECT_TRUE(seen.insert(group->key).second) << "a group was trained on twice";
    first_backward = std::min(first_backward, executor_.now());
    for (const Trajectory& row : group->rows) {
      for (const Segment& segment : row.segments) {
        if (!segment.sampled) continue;
        EXPECT_EQ(segment.version.number, version_.number) << "stale";
      }
    }
    ++running_;
    co_await on_worker(executor_, "backward", 1, [] {});
    --running_;
  }
  Async<StepResult> step(std::int64_t, double) override {
    EXPECT_EQ(running_, 0) << "the step did not wait for its backward passes";
    co_await on_worker(executor_, "optimizer", 0, [] {});
    ++version_.number;
    co_return StepResult();
  }
  Version version() const override { return version_; }

  std::set<GroupKey> seen;
  Nanos first_backward = INT64_MAX;

 private:
  Executor& executor_;
  Version version_;
  int running_ = 0;
};

/// Two agents of `chain`, played by scripted engines on virtual time.
struct Stage {
  explicit Stage(std::uint64_t seed, double failure_rate) : rng(seed), failures(failure_rate) {
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
  void open_store(std::int64_t steps = 0) {
    JournalOptions journal;
    journal.folder = "/experience";
    ExperienceStore::Setting from{*executor, disk, journal, {}, {}};
    for (const PolicyLane& lane : lanes) {
      ExperienceStore::Policy policy;
      policy.name = lane.policy;
      policy.agents = lane.agents;
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
        [this](const GenerateRequest&) {
          return static_cast<Nanos>(kMillisecond + rng.below(200) * kMillisecond);
        }));
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
  std::unique_ptr<Executor> executor;
  std::unique_ptr<EnvironmentSpec> spec;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::vector<std::unique_ptr<ScriptedEngine>> engines;
  std::vector<std::unique_ptr<RecordingTrainer>> trainers;
  AgentBindings bindings;
  std::vector<PolicyLane> lanes;
  std::unique_ptr<ExperienceStore> store;
};

Async<Status> run_steps(Stage& stage, int steps, std::vector<StepOutcome>& outcomes) {
  PipelineSetting setting = stage.setting();
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

TEST(Pipeline, TrainsOnEveryGroupOnceAtStalenessZero) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Stage stage(seed, 0.0);
    std::vector<StepOutcome> outcomes;
    const Status status = stage.executor->run(run_steps(stage, 3, outcomes));
    ASSERT_TRUE(status) << status.error().message;
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(stage.trainers[i]->seen.size(), 36U);
      EXPECT_EQ(stage.store->table(static_cast<int>(i)).entered(GroupState::kCovered), 36);
      EXPECT_EQ(stage.store->table(static_cast<int>(i)).bytes(), 0U);
      for (const StepOutcome& outcome : outcomes) EXPECT_EQ(outcome.numbers[i].staleness, 0);
    }
  }
}

TEST(Pipeline, BackwardBeginsWhileOthersStillGenerate) {
  Stage stage(3, 0.0);
  std::vector<StepOutcome> outcomes;
  ASSERT_TRUE(stage.executor->run(run_steps(stage, 1, outcomes)));
  EXPECT_LT(stage.trainers[0]->first_backward, stage.executor->now() * 9 / 10);
}

TEST(Pipeline, InfrastructureFailuresAreRetriedAndNeverRewards) {
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Stage stage(seed, 0.25);
    std::vector<StepOutcome> outcomes;
    const Status status = stage.executor->run(run_steps(stage, 2, outcomes));
    ASSERT_TRUE(status) << status.error().message;
    std::int64_t failed = 0;
    for (const StepOutcome& outcome : outcomes) failed += outcome.flow.failed_groups;
    lost += static_cast<int>(failed);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(static_cast<std::int64_t>(stage.trainers[i]->seen.size()), 24 - failed);
      EXPECT_EQ(stage.store->table(static_cast<int>(i)).entered(GroupState::kFailed), failed);
    }
  }
  EXPECT_GT(lost, 0) << "the failure rate was meant to lose a group now and then";
}

TEST(Pipeline, AStepInWhichEverythingFailsSaysWhy) {
  Stage stage(1, 1.0);
  std::vector<StepOutcome> outcomes;
  const Status status = stage.executor->run(run_steps(stage, 1, outcomes));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(status.error().message.find("engine lost"), std::string::npos);
}

TEST(Pipeline, AnAgentThatNobodyPlaysStopsTheRunAtOnce) {
  Stage stage(1, 0.0);
  stage.bindings.erase("second");
  std::vector<StepOutcome> outcomes;
  const Status status = stage.executor->run(run_steps(stage, 1, outcomes));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_LT(stage.executor->now(), 60 * kSecond)
      << "the trainers waited for groups that had failed";
}

TEST(Pipeline, TheSameSeedGivesTheSameEvents) {
  auto end = [](std::uint64_t seed) {
    Stage stage(seed, 0.1);
    std::vector<StepOutcome> outcomes;
    EXPECT_TRUE(stage.executor->run(run_steps(stage, 2, outcomes)));
    return stage.executor->now();
  };
  EXPECT_EQ(end(5), end(5));
  EXPECT_NE(end(5), end(6));
}

}  // namespace
}  // namespace troupe
