#include "orchestrate/step_numbers.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

Segment sampled(std::int64_t version, std::size_t tokens) {
  Segment out;
  out.sampled = true;
  out.tokens.assign(tokens, 1);
  out.version.number = version;
  return out;
}

TEST(StepNumbers, CountsTrainedTokensByTheAgeOfTheirVersion) {
  Segment prompt;
  prompt.tokens.assign(100, 1);
  Trajectory fresh;
  fresh.segments = {prompt, sampled(7, 3)};
  Trajectory mixed;  // one answer went on under newer weights
  mixed.segments = {prompt, sampled(4, 5), sampled(6, 2)};
  auto group = std::make_shared<Group>();
  group->rows = {fresh, mixed};
  group->advantages = {1, -1};

  Version version;
  version.number = 7;
  const PolicyStep numbers = step_numbers(PolicyLane(), {group}, version, StepResult());
  EXPECT_EQ(numbers.staleness_tokens, (std::vector<std::int64_t>{3, 2, 0, 5}));
  EXPECT_EQ(numbers.staleness, 3);
  EXPECT_EQ(numbers.tokens_generated, 10);
}

}  // namespace
}  // namespace troupe
