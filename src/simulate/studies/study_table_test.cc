#include "simulate/studies/study_table.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(StudyTable, KeepsDrawsThatMatchTheFirstRow) {
  const auto of = [](double factor) {
    return [factor](const StudyDraw& draw) -> Result<double> { return factor * draw.at("x"); };
  };
  StudyTable table("small", kStepSeconds, {{"plain", of(1), 100}, {"ours", of(0.5)}}, 0.1);
  for (const double x : {50.0, 95.0, 109.0, 200.0}) ASSERT_TRUE(table.add({{"x", x}}));
  EXPECT_EQ(table.kept(), 2U);
  Study study;
  table.give_to(study);
  table.claim(study, "plain", "ours", 3, 4, "a remark");
  EXPECT_EQ(study.rows[0].values, (std::vector<double>{95, 109}));
  EXPECT_EQ(study.rows[1].values, (std::vector<double>{47.5, 54.5}));
  EXPECT_EQ(study.parameters.at("small x"), (std::vector<double>{95, 109}));
  EXPECT_EQ(study.claims[0].what, "small: ours over plain");
  EXPECT_EQ(study.claims[0].simulated, (std::vector<double>{2, 2}));
  ASSERT_EQ(study.assumptions.size(), 1U);
}

TEST(StudyTable, LeavesOutWhatDoesNotFitAndReportsBugs) {
  StudyTable table("small", kStepSeconds,
                   {{"plain", [](const StudyDraw& draw) -> Result<double> {
                       if (draw.at("x") > 2) return 1;
                       const bool bug = draw.at("x") > 1;
                       return fail(bug ? ErrorCode::kInternal : ErrorCode::kInvalid, "no");
                     }}});
  EXPECT_TRUE(table.add({{"x", 1}}));
  EXPECT_FALSE(table.add({{"x", 2}}));
  EXPECT_TRUE(table.add({{"x", 3}}));
  EXPECT_EQ(table.kept(), 1U);
}

}  // namespace
}  // namespace troupe
