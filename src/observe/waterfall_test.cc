#include "observe/waterfall.h"

#include <gtest/gtest.h>

#include "observe/test_support.h"

namespace troupe {
namespace {

using testing::lines_of;
using testing::sample_step;
using testing::sample_warm_step;

std::vector<StepReport> forty_steps() {
  std::vector<StepReport> steps = {sample_warm_step(1)};
  for (int step = 1; step <= 40; ++step) steps.push_back(sample_step(step));
  return steps;
}

/// The lines of one of the script's data blocks.
std::vector<std::string> block(const std::string& script, const std::string& name) {
  const std::string head = "$" + name + " << EOD\n";
  const std::size_t at = script.find(head);
  if (at == std::string::npos) return {};
  const std::size_t from = at + head.size();
  return lines_of(script.substr(from, script.find("EOD\n", from) - from));
}

TEST(Waterfall, DrawsTheLastStepsOfEveryPolicyWithTheirOverlap) {
  const std::string script = waterfall_script("t", forty_steps(), 0);
  const auto generate = block(script, "generate");
  ASSERT_EQ(generate.size(), 16U) << script;  // eight steps of two policies
  // The first row's begins the picture, 0.1 s before step 33; rows are one apart.
  EXPECT_EQ(generate[0], "0.200000 0.2150 0.000000 0.400000 0.0000 0.4300");
  EXPECT_EQ(generate[2], "0.700000 2.2150 0.500000 0.900000 2.0000 2.4300");
  EXPECT_EQ(block(script, "publish").at(0), "0.555000 0.6450 0.550000 0.560000 0.4300 0.8600");
  EXPECT_TRUE(block(script, "reward").empty()) << "nothing was rewarded apart";
  EXPECT_NE(script.find("'33 first' 0.43"), std::string::npos) << script;
  EXPECT_EQ(script.find("'32 first'"), std::string::npos);
  EXPECT_EQ(waterfall_script("t", {sample_warm_step(1)}, 0), "");
}

TEST(Waterfall, AResumedProcessIsNotMixedWithTheOneBefore) {
  EXPECT_EQ(block(waterfall_script("t", forty_steps(), 39), "generate").size(), 2U);
  EXPECT_EQ(waterfall_script("t", forty_steps(), 40), "");
}

TEST(Waterfall, AsTextItHasALineForRolloutAndOneForTraining) {
  StepReport step = sample_step(1);
  step.policies.resize(1);
  step.policies[0].stages.reward = {250'000'000, 300'000'000};
  // 46 columns of 10 ms: the step ends at 0.46 s.
  const auto lines = lines_of(waterfall_text({step}, 0, 46));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0],
            "1    |" + std::string(25, 'g') + std::string(6, 'r') + std::string(15, ' ') + "|");
  EXPECT_EQ(lines[1],
            "     |" + std::string(10, ' ') + std::string(30, 'b') + std::string(5, 'o') + "p|");
  EXPECT_EQ(lines[2].substr(lines[2].size() - 6), "0.46 s");
}

}  // namespace
}  // namespace troupe
