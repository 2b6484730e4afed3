#include <gtest/gtest.h>

#include "base/rng.h"
#include "simulate/studies/flexmarl.h"
#include "simulate/studies/flexmarl_ranges.h"
#include "simulate/studies/study_report.h"

namespace troupe {
namespace {

TEST(FlexmarlStudy, KeepsWhatMatchesMartiAlone) {
  FlexmarlSetting setting = flexmarl_settings().front();
  const StudySize size{3, 1, 1, {}};
  const auto marti = simulate(flexmarl_options(
      setting, draw_ranges(kFlexmarlRanges, seed_join(1, setting.name), 2), "MARTI-like", 1));
  ASSERT_TRUE(marti) << marti.error().message;
  // A setting whose published time is that of one of the draws.
  setting.marti = marti->step_seconds();
  const auto found = study_flexmarl(size, {setting});
  ASSERT_TRUE(found) << found.error().message;
  const std::vector<double>& kept = found->rows.front().values;
  ASSERT_FALSE(kept.empty());
  EXPECT_LT(kept.size(), 3U);
  for (const double seconds : kept) EXPECT_NEAR(seconds / setting.marti, 1, kFlexmarlMatch);
  for (const StudyRow& row : found->rows) EXPECT_EQ(row.values.size(), kept.size());
  EXPECT_NE(study_text(*found).find("FlexMARL without async"), std::string::npos);
}

}  // namespace
}  // namespace troupe
