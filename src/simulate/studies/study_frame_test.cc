#include "simulate/studies/study_frame.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

const std::vector<StudyRange> kRanges = {{"answer", 50, 60, false, true, "a test"}};

SimulationOptions small(double answer) {
  SimulationOptions o;
  o.run.steps = 1;
  o.run.groups = o.run.group_size = 2;
  o.cluster.devices = 8;
  o.cluster.training_devices = 4;
  o.team.agents = 1;
  o.workload.answer_median = answer;
  return o;
}

TEST(StudyRows, KeepTheOrderInWhichTheyWereFirstAddedTo) {
  StudyRows rows;
  for (const double value : {1.0, 2.0}) {
    rows.add("b", kStepSeconds, "slow", value);
    rows.add("a", kStepSeconds, "slow", 10 * value);
    rows.add("b", "requests", "slow", 100 * value);
  }
  ASSERT_EQ(rows.rows().size(), 3U);
  EXPECT_EQ(rows.rows()[0].values, (std::vector<double>{1, 2}));
  EXPECT_EQ(rows.rows()[1].setting, "a");
  EXPECT_EQ(rows.rows()[1].values, (std::vector<double>{10, 20}));
  EXPECT_EQ(rows.rows()[2].quantity, "requests");
}

TEST(StudyFrame, SimulatesEveryRunOfEveryDraw) {
  Study study;
  study.assumptions = {"its own"};
  StudySize size;
  std::vector<int> heard;
  size.progress = [&heard](int done, int of) { heard.push_back(10 * of + done); };
  const StudyFrame frame(study, size, kRanges, 3, 1);
  std::vector<std::string> seen;
  const auto runs = [](const StudyDraw& draw, std::int64_t) {
    return std::vector<StudyRun>{{"small", "one", small(draw.at("answer"))},
                                 {"small", "twice as long", small(2 * draw.at("answer"))}};
  };
  const auto done = [&seen](const StudyRun& run, const SimulationResult&) {
    seen.push_back(run.schedule);
  };
  const Status all = frame.simulate_all(runs, done);
  ASSERT_TRUE(all) << all.error().message;
  add_claim(study, "small", "twice as long", "one", 1, 2, "a remark");
  frame.close();
  EXPECT_EQ(heard, (std::vector<int>{31, 32, 33}));
  EXPECT_EQ(seen.size(), 6U);
  ASSERT_EQ(study.rows.size(), 2U);
  for (int i = 0; i < 3; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const double answer = draw_ranges(kRanges, size.seed, i).at("answer");
    EXPECT_EQ(study.parameters.at("answer")[at], answer);
    EXPECT_EQ(study.rows[0].values[at], simulate(small(answer))->step_seconds());
    EXPECT_EQ(study.claims[0].simulated[at], study.rows[1].values[at] / study.rows[0].values[at]);
  }
  EXPECT_EQ(study.claims[0].what, "small: one over twice as long");
  ASSERT_EQ(study.assumptions.size(), 2U);
  EXPECT_EQ(study.assumptions[0], "its own");
}

TEST(StudyFrame, SaysWhichSimulationFailed) {
  Study study;
  StudySize size;
  size.draws = 1;
  size.steps = 5;
  const StudyFrame frame(study, size, kRanges, 3, 1);
  EXPECT_EQ(frame.draws(), 1);
  EXPECT_EQ(frame.steps(), 5);
  const auto runs = [](const StudyDraw&, std::int64_t) {
    SimulationOptions o = small(50);
    o.cluster.device = "abacus";
    return std::vector<StudyRun>{{"small", "by hand", o}};
  };
  const Status all = frame.simulate_all(runs, [](const StudyRun&, const SimulationResult&) {});
  ASSERT_FALSE(all);
  EXPECT_NE(all.error().message.find("small, by hand"), std::string::npos) << all.error().message;
}

}  // namespace
}  // namespace troupe
