#include "experience/curation/zero_variance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "base/rng.h"

namespace troupe {
namespace {

std::vector<Scored> rows(const std::vector<std::pair<std::string, double>>& in) {
  std::vector<Scored> out;
  for (const auto& [agent, reward] : in) out.push_back({agent, reward});
  return out;
}

TEST(ZeroVariance, FiltersGroupsThatTeachNothing) {
  EXPECT_EQ(zero_variance(rows({{"a", 1}, {"a", 1}, {"a", 1}})), "zero variance");
  EXPECT_EQ(zero_variance(rows({{"a", 0}, {"a", 0}})), "zero variance");
  EXPECT_EQ(zero_variance(rows({{"a", 0.3}})), "zero variance");
  EXPECT_FALSE(zero_variance(rows({{"a", 1}, {"a", 0}, {"a", 1}})));
  EXPECT_FALSE(zero_variance(rows({{"a", 0.1 + 0.2}, {"a", 0.3}})));  // to the bit
  EXPECT_FALSE(zero_variance({}));                                    // ends empty instead
}

TEST(ZeroVariance, ComparesAgentsWithThemselves) {
  EXPECT_EQ(zero_variance(rows({{"a", 1}, {"b", 0}, {"a", 1}, {"b", 0}})), "zero variance");
  EXPECT_FALSE(zero_variance(rows({{"a", 1}, {"b", 0}, {"a", 1}, {"b", 0.5}})));
}

/// The definition: each agent's smallest reward is its largest.
TEST(ZeroVariance, AgreesWithTheDefinition) {
  int filtered = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    std::vector<std::pair<std::string, double>> in;
    const std::uint64_t n = 1 + rng.below(6);
    for (std::uint64_t i = 0; i < n; ++i) {
      in.emplace_back(rng.below(2) == 0 ? "a" : "b", static_cast<double>(rng.below(2)));
    }
    bool equal = true;
    for (const char* agent : {"a", "b"}) {
      std::vector<double> rewards;
      for (const auto& [name, reward] : in) {
        if (name == agent) rewards.push_back(reward);
      }
      if (rewards.empty()) continue;
      const auto [low, high] = std::minmax_element(rewards.begin(), rewards.end());
      equal = equal && *low == *high;
    }
    ASSERT_EQ(zero_variance(rows(in)).has_value(), equal) << "seed " << seed;
    filtered += equal ? 1 : 0;
  }
  EXPECT_GT(filtered, 300);
}

}  // namespace
}  // namespace troupe
