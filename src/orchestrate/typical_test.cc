#include "orchestrate/typical.h"

#include <gtest/gtest.h>

#include "base/rng.h"

#include <set>

namespace troupe {
namespace {

TEST(Typical, CountsDifferentThings) {
  EXPECT_NEAR(expected_different(1e9, 500), 500, 0.01);
  EXPECT_NEAR(expected_different(5, 1000), 5, 1e-9);
  double sum = 0;
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 100; ++i) seen.insert(rng.below(80));
    sum += static_cast<double>(seen.size()) / 200;
  }
  EXPECT_NEAR(expected_different(80, 100), sum, 1.0);
}

}  // namespace
}  // namespace troupe
