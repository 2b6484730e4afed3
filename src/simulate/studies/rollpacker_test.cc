#include "simulate/studies/rollpacker.h"

#include <gtest/gtest.h>

#include "simulate/studies/rollpacker_ranges.h"

namespace troupe {
namespace {

/// The first setting, smaller.
RollpackerSetting small() {
  RollpackerSetting out = rollpacker_settings().front();
  out.prompts = 16;
  return out;
}
StudyDraw a_draw() { return draw_ranges(kRollpackerRanges, 1, 0); }

TEST(RollpackerStudy, RowsWithoutATailDoTheSameWork) {
  const RollpackerSetting setting = small();
  std::int64_t trained = -1;
  for (const std::string& row : rollpacker_rows()) {
    const SimulationOptions o = rollpacker_options(setting, a_draw(), row, 1);
    EXPECT_EQ(o.cluster.devices, setting.devices) << row << ": equal hardware";
    const auto out = simulate(o);
    ASSERT_TRUE(out) << row << ": " << out.error().message;
    if (o.pipeline.tail != "none") {
      EXPECT_GT(out->episodes, o.run.groups * o.run.group_size) << row << " launches spare ones";
      continue;
    }
    if (trained < 0) trained = out->trained;
    EXPECT_EQ(out->trained, trained) << row;
    EXPECT_GE(out->step_seconds(), out->bound * (1 - 1e-9)) << row;
  }
}

TEST(RollpackerStudy, EachRowAddsOnePart) {
  const RollpackerSetting setting = small();
  const auto options = [&](const char* row) {
    return rollpacker_options(setting, a_draw(), row, 1);
  };
  const SimulationOptions plain = options("veRL-like");
  EXPECT_EQ(plain.reward.when, "step");
  EXPECT_EQ(plain.reward.t_min, plain.reward.t_max);
  const SimulationOptions tail = options("+ tail batching");
  EXPECT_EQ(tail.pipeline.tail, "tail_batching");
  EXPECT_EQ(tail.reward.when, "step");
  const SimulationOptions reward = options("+ reward scheduler");
  EXPECT_EQ(reward.reward.when, "sample");
  EXPECT_LT(reward.reward.t_min, reward.reward.t_max);
  EXPECT_EQ(reward.pipeline.mode.mode, "barrier");
  EXPECT_EQ(options("+ stream trainer").pipeline.mode.mode, "micro_batch");
}

TEST(RollpackerStudy, GivesEveryRowAValueOfEachKeptDraw) {
  const auto found = study_rollpacker(StudySize{1, 1, 5, {}}, {small()});
  ASSERT_TRUE(found) << found.error().message;
  const std::size_t kept = 1;
  for (const StudyRow& row : found->rows) EXPECT_EQ(row.values.size(), kept) << row.schedule;
  for (const StudyClaim& claim : found->claims) EXPECT_EQ(claim.simulated.size(), kept);
  EXPECT_EQ(found->claims.size(), 8U);
  const auto tokens = [&](const std::string& schedule) {
    for (const StudyRow& row : found->rows) {
      if (row.schedule == schedule && row.quantity != kStepSeconds) return row.values.front();
    }
    return 0.0;
  };
  EXPECT_GT(tokens("our default, shared devices"), tokens("+ tail batching"))
      << "short rounds choose short answers";
}

}  // namespace
}  // namespace troupe
