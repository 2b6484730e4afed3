#include "orchestrate/run_state.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(RunState, TheAverageComesBackToTheBit) {
  RunState state;
  state.warm_start.exact = {{"nash_conv", 11.0 / 12}};
  state.average.count = 3;
  state.average.reach = {3.0, 1.0 / 3, 5e-324};
  state.average.played = {{0.1, 2.9}, {1.0 / 7, 1e-17}, {0.0, 5e-324}};
  const auto back = RunState::from_json(state.to_json());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->warm_start.exact, state.warm_start.exact);
  EXPECT_EQ(back->average.count, 3);
  EXPECT_EQ(back->average.reach, state.average.reach);
  EXPECT_EQ(back->average.played, state.average.played);
}

TEST(RunState, WithoutAnExactMeasureNothingIsKeptOfIt) {
  const std::string text = RunState().to_json();
  EXPECT_EQ(text.find("average"), std::string::npos);
  EXPECT_EQ(text.find("exact"), std::string::npos);
  EXPECT_TRUE(RunState::from_json(text));
}

}  // namespace
}  // namespace troupe
