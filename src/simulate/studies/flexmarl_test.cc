#include "simulate/studies/flexmarl.h"

#include <gtest/gtest.h>

#include <cmath>

#include "simulate/studies/flexmarl_ranges.h"
#include "simulate/studies/flexmarl_report.h"

namespace troupe {
namespace {

TEST(FlexmarlStudy, DrawsStayInTheirRangesAndFillThem) {
  const FlexmarlSetting& setting = flexmarl_settings().front();
  for (const StudyRange& range : kFlexmarlRanges) {
    double low = 1e300, high = -1e300;
    for (int i = 0; i < 300; ++i) {
      const double value = flexmarl_draw(setting, 1, i).at(range.name);
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
  EXPECT_EQ(flexmarl_draw(setting, 1, 3), flexmarl_draw(setting, 1, 3));
  EXPECT_NE(flexmarl_draw(setting, 1, 3), flexmarl_draw(setting, 2, 3));
}

TEST(FlexmarlStudy, RowsDifferInTheirScheduleAndNotInTheirWork) {
  for (const FlexmarlSetting& setting : flexmarl_settings()) {
    const auto draw = flexmarl_draw(setting, 1, 0);
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
  const auto study = study_flexmarl(setting, 4, 1, 1, {});
  ASSERT_TRUE(study);
  ASSERT_FALSE(study->marti.empty());
  // A setting whose published time is that of one of the draws.
  setting.marti = study->marti.front();
  const auto found = study_flexmarl(setting, 4, 1, 1, {});
  ASSERT_TRUE(found);
  ASSERT_FALSE(found->bounds.empty());
  for (const double seconds : found->rows.front().seconds) {
    EXPECT_NEAR(seconds / setting.marti, 1, kFlexmarlMatch);
  }
  std::size_t near = 0;
  for (const double seconds : found->marti) {
    near += std::abs(seconds / setting.marti - 1) <= kFlexmarlMatch ? 1 : 0;
  }
  EXPECT_EQ(near, found->rows.front().seconds.size());
  EXPECT_NE(flexmarl_text(*found).find("FlexMARL without async"), std::string::npos);
}

TEST(FlexmarlStudy, QuantilesAreLinearBetweenValues) {
  EXPECT_EQ(quantile({}, 0.5), 0);
  EXPECT_EQ(quantile({3, 1, 2}, 0.5), 2);
  EXPECT_DOUBLE_EQ(quantile({0, 10}, 0.1), 1);
  EXPECT_EQ(quantile({1, 2, 3}, 1), 3);
}

}  // namespace
}  // namespace troupe
