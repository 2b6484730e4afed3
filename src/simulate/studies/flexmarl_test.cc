#include "simulate/studies/flexmarl.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "simulate/studies/flexmarl_ranges.h"
#include "simulate/studies/study_report.h"

namespace troupe {
namespace {

TEST(FlexmarlStudy, DrawsStayInTheirRangesAndFillThem) {
  for (const StudyRange& range : kFlexmarlRanges) {
    double low = 1e300, high = -1e300;
    for (int i = 0; i < 300; ++i) {
      const double value = draw_ranges(kFlexmarlRanges, 1, i).at(range.name);
      low = std::min(low, value);
      high = std::max(high, value);
      if (range.whole) {
        EXPECT_EQ(value, std::round(value)) << range.name;
      }
    }
    EXPECT_GE(low, range.low) << range.name;
    EXPECT_LE(high, range.high) << range.name;
    EXPECT_LT(low, range.low + 0.1 * (range.high - range.low) + 1e-12) << range.name;
    EXPECT_GT(high, range.high - 0.1 * (range.high - range.low)) << range.name;
  }
  EXPECT_EQ(draw_ranges(kFlexmarlRanges, 1, 3), draw_ranges(kFlexmarlRanges, 1, 3));
  EXPECT_NE(draw_ranges(kFlexmarlRanges, 1, 3), draw_ranges(kFlexmarlRanges, 2, 3));
}

TEST(FlexmarlStudy, RowsDifferInTheirScheduleAndNotInTheirWork) {
  for (const FlexmarlSetting& setting : flexmarl_settings()) {
    const auto draw = draw_ranges(kFlexmarlRanges, 1, 0);
    std::int64_t tokens = -1;
    for (const std::string& row : flexmarl_rows()) {
      const SimulationOptions options = flexmarl_options(setting, draw, row, 1);
      const auto out = simulate(options);
      ASSERT_TRUE(out) << row << ": " << out.error().message;
      if (tokens < 0) tokens = out->trained;
      EXPECT_EQ(out->trained, tokens) << row;
      EXPECT_EQ(out->episodes, 64) << row;
      EXPECT_GE(out->step_seconds(), out->bound * (1 - 1e-9)) << row;
    }
  }
}

TEST(FlexmarlStudy, KeepsWhatMatchesMartiAlone) {
  FlexmarlSetting setting = flexmarl_settings().front();
  const StudySize size{4, 1, 1, {}};
  const auto marti = simulate(flexmarl_options(
      setting, draw_ranges(kFlexmarlRanges, seed_join(1, setting.name), 2), "MARTI-like", 1));
  ASSERT_TRUE(marti) << marti.error().message;
  // A setting whose published time is that of one of the draws.
  setting.marti = marti->step_seconds();
  const auto found = study_flexmarl(size, {setting});
  ASSERT_TRUE(found) << found.error().message;
  const std::vector<double>& kept = found->rows.front().values;
  ASSERT_FALSE(kept.empty());
  EXPECT_LT(kept.size(), 4U);
  for (const double seconds : kept) EXPECT_NEAR(seconds / setting.marti, 1, kFlexmarlMatch);
  for (const StudyRow& row : found->rows) EXPECT_EQ(row.values.size(), kept.size());
  EXPECT_NE(study_text(*found).find("FlexMARL without async"), std::string::npos);
}

}  // namespace
}  // namespace troupe
