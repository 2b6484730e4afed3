#include "orchestrate/behaviour_average.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "environment/kuhn/kuhn_metric.h"

namespace troupe {
namespace {

const std::vector<Probe> kTwo = {{"a", {"1"}, {}, {"p", "b"}},
                                 {"a", {"1", "2"}, {"p"}, {"p", "b"}}};

/// Chances in the simplex, with some for other answers.
Behaviour random_behaviour(const std::vector<Probe>& probes, Rng& rng) {
  Behaviour out;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const double total = 0.5 + 0.5 * rng.uniform();
    const double share = rng.uniform();
    out.push_back({total * share, total * (1 - share)});
  }
  return out;
}

TEST(BehaviourAverage, AVersionCountsWhereItComesTo) {
  BehaviourAverage average;
  ASSERT_TRUE(average.add(kTwo, {{1.0, 0.0}, {0.25, 0.75}}));
  ASSERT_TRUE(average.add(kTwo, {{0.0, 1.0}, {1.0, 0.0}}));  // never comes to the second place
  EXPECT_EQ(average.behaviour(), (Behaviour{{0.5, 0.5}, {0.25, 0.75}}));
  ASSERT_TRUE(average.add(kTwo, {{0.5, 0.5}, {1.0, 0.0}}));
  EXPECT_DOUBLE_EQ(average.behaviour()[0][0], 0.5);
  EXPECT_DOUBLE_EQ(average.behaviour()[1][0], (0.25 + 0.5) / 1.5);
}

TEST(BehaviourAverage, IsUniformWhereNobodyComes) {
  BehaviourAverage average;
  ASSERT_TRUE(average.add(kTwo, {{0.0, 1.0}, {1.0, 0.0}}));
  EXPECT_EQ(average.behaviour()[1], (std::vector<double>{0.5, 0.5}));
}

/// What makes it the right average: against an opponent that stays the same it earns the mean of
/// what its versions earn, each drawn for a whole episode.
TEST(BehaviourAverage, EarnsTheMeanOfItsVersions) {
  const KuhnMetric metric;
  Rng rng(4);
  for (std::size_t moving = 0; moving < 2; ++moving) {
    const Behaviour opponent = random_behaviour(metric.probes(), rng);
    BehaviourAverage average;
    double value = 0, forfeits = 0;
    constexpr int kVersions = 7;
    for (int v = 0; v < kVersions; ++v) {
      Behaviour behaviour = random_behaviour(metric.probes(), rng);
      for (std::size_t i = 0; i < 12; ++i) {
        if (i / 6 != moving) behaviour[i] = opponent[i];
      }
      ASSERT_TRUE(average.add(metric.probes(), behaviour));
      value += metric.measure(behaviour).at("value_player_0") / kVersions;
      forfeits += metric.measure(behaviour).at("forfeits") / kVersions;
    }
    const NamedNumbers found = metric.measure(average.behaviour());
    EXPECT_NEAR(found.at("value_player_0"), value, 1e-12);
    EXPECT_NEAR(found.at("forfeits"), forfeits, 1e-12);
  }
}

TEST(BehaviourAverage, RefusesOtherProbes) {
  BehaviourAverage average;
  ASSERT_TRUE(average.add(kTwo, {{1.0, 0.0}, {1.0, 0.0}}));
  EXPECT_FALSE(average.add({kTwo[0]}, {{1.0, 0.0}}));
  EXPECT_FALSE(average.add(kTwo, {{1.0, 0.0}, {1.0}}));
  EXPECT_EQ(average.count, 1);
  const std::vector<Probe> orphan = {{"a", {"1"}, {}, {"b"}}, {"a", {"1", "2"}, {"p"}, {"p"}}};
  BehaviourAverage other;
  const Status status = other.add(orphan, {{1.0}, {1.0}});
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("after the answer \"p\""), std::string::npos);
}

}  // namespace
}  // namespace troupe
