#include "simulate/workload/draws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace troupe {
namespace {

TEST(Draws, LogNormalHasItsMedianAndSpread) {
  Rng rng(1);
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) values.push_back(log_normal(rng, 250, 0.6));
  std::sort(values.begin(), values.end());
  EXPECT_NEAR(values[10'000] / 250, 1, 0.02);
  EXPECT_NEAR(std::log(values[16'827] / 250), 0.6, 0.02);  // one sigma above: 84.13%
}

TEST(Draws, ZipfHasItsWeights) {
  for (const double exponent : {0.0, 0.8, 1.0, 1.2}) {
    Rng rng(2);
    std::vector<double> counts(5, 0.0);
    for (int i = 0; i < 50'000; ++i) ++counts[static_cast<std::size_t>(zipf(rng, 5, exponent))];
    for (int r = 1; r < 5; ++r) {
      const double ratio = counts[static_cast<std::size_t>(r)] / counts[0];
      EXPECT_NEAR(ratio, std::pow(r + 1, -exponent), 0.03) << exponent << " " << r;
    }
  }
}

TEST(Draws, ToolsHaveThePublishedQuantiles) {
  EXPECT_NEAR(tool_seconds(0.5), 0.3, 1e-9);
  EXPECT_NEAR(tool_seconds(0.9), 13.6, 1e-9);
  EXPECT_NEAR(tool_seconds(0.9603), 60, 1e-9);
  EXPECT_NEAR(tool_seconds(0.99), 216, 1e-9);
  double mean = 0;
  for (int i = 0; i < 100'000; ++i) mean += tool_seconds((i + 0.5) / 100'000) / 100'000;
  EXPECT_NEAR(mean, 18.4, 0.7);
}

TEST(Draws, ATableOfQuantilesIsMet) {
  const std::vector<double> table = {0.5, 0.3, 0.9, 13.6};
  EXPECT_DOUBLE_EQ(table_seconds(table, 0), 0.3);
  EXPECT_DOUBLE_EQ(table_seconds(table, 0.5), 0.3);
  EXPECT_DOUBLE_EQ(table_seconds(table, 0.9), 13.6);
  EXPECT_DOUBLE_EQ(table_seconds(table, 1), 13.6);
  EXPECT_NEAR(table_seconds(table, 0.7), std::sqrt(0.3 * 13.6), 1e-9) << "linear in the logarithm";
}

}  // namespace
}  // namespace troupe
