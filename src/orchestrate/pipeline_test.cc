#include "orchestrate/pipeline_test_support.h"

#include "base/trace.h"

namespace troupe {
namespace {

using Stage = PipelineStage;

Async<Status> run_steps(Stage& stage, int steps, std::vector<StepOutcome>& outcomes) {
  return run_pipeline(stage.setting(), steps, outcomes);
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

TEST(Pipeline, ATraceHasEveryGroupAndStage) {
  Stage stage(2, 0.1);
  Trace trace;
  stage.executor->set_trace(&trace);
  std::vector<StepOutcome> outcomes;
  ASSERT_TRUE(stage.executor->run(run_steps(stage, 3, outcomes)));
  const TraceLog log = trace.take();
  std::map<std::string, int> spans;
  std::set<std::string> states;
  for (const TraceEvent& event : log.events) {
    if (event.kind != TraceEvent::Kind::kSpan) continue;
    ++spans[log.names[event.track] + "/" + log.names[event.row]];
    if (log.names[event.track] != "groups") continue;
    EXPECT_LT(event.begin, event.end);
    ASSERT_NE(event.args, nullptr);
    states.insert(event.args->at(1).second);
    EXPECT_EQ(event.args->at(2).first, "version");
    const char version = log.names[event.name].at(5);  // of step 1 the version 0
    EXPECT_EQ(event.args->at(2).second.at(0), version - 1);
  }
  EXPECT_EQ(spans["groups/in flight"], 36);
  EXPECT_EQ(spans["steps/steps"], 3);
  for (const char* stage_name : {"generate", "backward", "optimizer", "publish"}) {
    EXPECT_EQ(spans[std::string("policy second/") + stage_name], 3) << stage_name;
  }
  EXPECT_TRUE(states.contains("ready")) << "as a group ends";
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
