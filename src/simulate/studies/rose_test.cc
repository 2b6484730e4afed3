#include "simulate/studies/rose.h"

#include <gtest/gtest.h>

#include <map>

#include "simulate/studies/rose_ranges.h"

namespace troupe {
namespace {

TEST(RoseStudy, RowsOfASettingDoTheSameWork) {
  StudyDraw draw = draw_ranges(kRoseRanges, 1, 0);
  draw["turns"] = 8;
  draw["answer"] = 100;
  std::map<std::string, SimulationResult> done;
  for (StudyRun& run : rose_runs(draw, 1)) {
    if (run.setting.rfind("8B", 0) != 0) continue;
    const auto out = simulate(run.options);
    ASSERT_TRUE(out) << run.schedule << ": " << out.error().message;
    EXPECT_GE(out->seconds, out->bound * (1 - 1e-9)) << run.schedule;
    if (!done.empty()) {
      EXPECT_EQ(out->trained, done.begin()->second.trained) << run.schedule;
    }
    done[run.schedule] = *out;
  }
  EXPECT_LT(done.at("ideal: as many more dedicated").seconds, done.at("dedicated alone").seconds);
}

}  // namespace
}  // namespace troupe
