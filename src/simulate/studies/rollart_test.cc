#include "simulate/studies/rollart.h"

#include <gtest/gtest.h>

#include <map>

#include "simulate/studies/rollart_ranges.h"

namespace troupe {
namespace {

TEST(RollartStudy, RowsOfASettingDoTheSameWork) {
  StudyDraw draw = draw_ranges(kRollartRanges, 1, 0);
  draw["math_answer"] = 300;  // quick
  draw["game_turns"] = 11;
  std::map<std::string, std::int64_t> trained;
  for (StudyRun& run : rollart_runs(draw, 1)) {
    if (run.setting.find("32B") != std::string::npos) continue;  // as 14B
    run.options.run.groups = 4;
    const auto out = simulate(run.options);
    ASSERT_TRUE(out) << run.setting << ", " << run.schedule << ": " << out.error().message;
    if (run.options.pipeline.tail != "none") continue;
    const auto first = trained.emplace(run.setting, out->trained).first;
    EXPECT_EQ(out->trained, first->second) << run.setting << ", " << run.schedule;
    EXPECT_GE(out->seconds, out->bound * (1 - 1e-9)) << run.setting << ", " << run.schedule;
  }
}

TEST(RollartStudy, LatencyThatVariesHurtsTurnsOfAWholeBatch) {
  StudyDraw draw = draw_ranges(kRollartRanges, 1, 0);
  std::map<std::string, double> seconds;
  for (StudyRun& run : rollart_runs(draw, 1)) {
    if (run.setting.rfind("latency", 0) != 0) continue;
    run.options.run.groups = 4;
    const auto out = simulate(run.options);
    ASSERT_TRUE(out) << out.error().message;
    seconds[run.setting + run.schedule] = out->seconds;
  }
  const auto loss = [&seconds](const std::string& setting) {
    return seconds.at(setting + "turns of the whole batch") / seconds.at(setting + "trajectories");
  };
  EXPECT_GT(loss("latency N(10 s, 1 s)"), 1);
  EXPECT_GT(loss("latency N(10 s, 10 s)"), loss("latency N(10 s, 1 s)"));
}

}  // namespace
}  // namespace troupe
