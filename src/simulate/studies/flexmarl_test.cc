#include "simulate/studies/flexmarl.h"

#include <gtest/gtest.h>

#include <cmath>

#include "simulate/studies/flexmarl_ranges.h"

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

}  // namespace
}  // namespace troupe
