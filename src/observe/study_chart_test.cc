#include "observe/study_chart.h"

#include <gtest/gtest.h>

#include "observe/gnuplot.h"

namespace troupe {
namespace {

TEST(StudyChart, DrawsAPanelForEachSetting) {
  Study study;
  study.name = "example";
  study.source = "a paper's \"title\"";
  study.rows = {{"small", kStepSeconds, "plain", {10, 20, 30}, 20},
                {"small", kStepSeconds, "ours", {5, 10, 10}, 0},
                {"large", kStepSeconds, "ours", {7}, 0},
                {"large", "share busy", "ours", {0.5}, 0}};
  const std::string script = study_chart(study);
  EXPECT_NE(script.find("layout 2,1"), std::string::npos);
  EXPECT_EQ(script.find("share busy"), std::string::npos);
  const auto svg = run_gnuplot(script);
  if (!svg && svg.error().code == ErrorCode::kNotFound) GTEST_SKIP() << svg.error().message;
  ASSERT_TRUE(svg) << svg.error().message;
  EXPECT_NE(svg->find("</svg>"), std::string::npos);
  EXPECT_NE(svg->find("large"), std::string::npos);
}

}  // namespace
}  // namespace troupe
