#include "environment/kuhn/kuhn_metric.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "environment/kuhn/kuhn.h"
#include "environment/player.h"

namespace troupe {
namespace {

/// A chance of b for every probe, without forfeits.
template <class Bet>
Behaviour legal(const Bet& bet) {
  const KuhnMetric metric;
  Behaviour out;
  for (const Probe& probe : metric.probes()) {
    const double chance = bet(probe);
    out.push_back({1 - chance, chance});
  }
  return out;
}

/// Kuhn's equilibria (1950), written out.
Behaviour equilibrium(double alpha) {
  const std::map<std::string, double> bet = {
      {"J", alpha},    {"Q", 0},        {"K", 3 * alpha}, {"J b", 0}, {"Q b", alpha + 1.0 / 3},
      {"K b", 1},      {"Jp", 1.0 / 3}, {"Qp", 0},        {"Kp", 1},  {"Jb", 0},
      {"Qb", 1.0 / 3}, {"Kb", 1}};
  return legal([&](const Probe& probe) {
    const std::string& seen = probe.prompts[0];
    return bet.at(seen.substr(0, seen.size() - 1) + (probe.prompts.size() > 1 ? " b" : ""));
  });
}

/// Chances with forfeits, anywhere in the simplex.
Behaviour random_behaviour(Rng& rng) {
  Behaviour out;
  for (std::size_t i = 0; i < KuhnMetric().probes().size(); ++i) {
    const double total = rng.uniform() < 0.5 ? 1.0 : rng.uniform();
    const double share = rng.uniform();
    out.push_back({total * share, total * (1 - share)});
  }
  return out;
}

// NashConv the other way round: payoffs of all deals and moves as a table, and best replies move by
// move, from the last information sets to the first, by what the others' chances make of them.

/// What player_0 wins with cards a and b (0 to 2) after pp, pbp, pbb, bp, bb.
double pay(int a, int b, int line) {
  const int sign = a > b ? 1 : -1;
  const int table[] = {sign, -1, 2 * sign, 1, 2 * sign};
  return table[line];
}

/// Player_0's best value against y[card][after p, after b][p, b].
double best_first(const double y[3][2][2]) {
  double total = 0;
  for (int a = 0; a < 3; ++a) {
    double pass = 0, bet = 0, then_pass = 0, then_call = 0;
    for (int b = 0; b < 3; ++b) {
      if (b == a) continue;
      const double rest_p = 1 - y[b][0][0] - y[b][0][1];
      const double rest_b = 1 - y[b][1][0] - y[b][1][1];
      pass += y[b][0][0] * pay(a, b, 0) + 2 * rest_p;
      then_pass += y[b][0][1] * pay(a, b, 1);
      then_call += y[b][0][1] * pay(a, b, 2);
      bet += y[b][1][0] * pay(a, b, 3) + y[b][1][1] * pay(a, b, 4) + 2 * rest_b;
    }
    total += std::max(pass + std::max(then_pass, then_call), bet) / 6;
  }
  return total;
}

/// The least that player_1 can hold player_0 with x[card][first, after pb][p, b] to.
double best_second(const double x[3][2][2]) {
  double total = 0;
  for (int b = 0; b < 3; ++b) {
    double pp = 0, pb = 0, bp = 0, bb = 0;
    for (int a = 0; a < 3; ++a) {
      if (a == b) continue;
      const double rest = 1 - x[a][1][0] - x[a][1][1];
      pp += x[a][0][0] * pay(a, b, 0);
      pb += x[a][0][0] * (x[a][1][0] * pay(a, b, 1) + x[a][1][1] * pay(a, b, 2) - 2 * rest);
      bp += x[a][0][1] * pay(a, b, 3);
      bb += x[a][0][1] * pay(a, b, 4);
      total += -2 * (1 - x[a][0][0] - x[a][0][1]) / 6;
    }
    total += (std::min(pp, pb) + std::min(bp, bb)) / 6;
  }
  return total;
}

double reference_nash_conv(const Behaviour& behaviour) {
  double chances[2][3][2][2];  // by player, card, place, move
  for (std::size_t i = 0; i < 12; ++i) {
    for (std::size_t m = 0; m < 2; ++m) chances[i / 6][i % 6 / 2][i % 2][m] = behaviour[i][m];
  }
  return best_first(chances[1]) - best_second(chances[0]);
}

TEST(KuhnMetric, AUniformTeamIsElevenTwelfthsFromEquilibrium) {
  const NamedNumbers found = KuhnMetric().measure(legal([](const Probe&) { return 0.5; }));
  // OpenSpiel (arXiv 1908.09453), exploitability_test: 0.916666... for the uniform policy; both of
  // its players win 1/8 on average.
  EXPECT_NEAR(found.at("nash_conv"), 11.0 / 12, 1e-12);
  EXPECT_NEAR(found.at("value_player_0"), 1.0 / 8, 1e-12);
  EXPECT_EQ(found.at("forfeits"), 0.0);
}

TEST(KuhnMetric, TheEquilibriaAreEquilibria) {
  for (const double alpha : {0.0, 0.1, 0.2, 1.0 / 3}) {
    const NamedNumbers found = KuhnMetric().measure(equilibrium(alpha));
    EXPECT_NEAR(found.at("nash_conv"), 0.0, 1e-12) << alpha;
    EXPECT_NEAR(found.at("value_player_0"), -1.0 / 18, 1e-12) << alpha;
  }
  EXPECT_GT(KuhnMetric().measure(equilibrium(0.4)).at("nash_conv"), 0.01);
}

TEST(KuhnMetric, AgreesWithBestRepliesFoundMoveByMove) {
  Rng rng(11);
  for (int i = 0; i < 200; ++i) {
    const Behaviour behaviour = random_behaviour(rng);
    const NamedNumbers found = KuhnMetric().measure(behaviour);
    EXPECT_NEAR(found.at("nash_conv"), reference_nash_conv(behaviour), 1e-12);
    EXPECT_GE(found.at("nash_conv"), -1e-12);
  }
}

/// The value and the forfeits are what episodes with these chances give on average.
TEST(KuhnMetric, ValueIsTheMeanOfEpisodes) {
  Rng rng(5);
  const KuhnSpec spec;
  const auto metric = spec.exact_metric();
  const Behaviour behaviour = random_behaviour(rng);
  std::map<std::string, std::size_t> place;  // by agent, card and what it sees
  for (std::size_t i = 0; i < 12; ++i) {
    const Probe& probe = metric->probes()[i];
    place[probe.agent + probe.prompts.front() + (probe.prompts.size() > 1 ? "?" : "")] = i;
  }
  std::string card;
  const Player player = [&](const Environment&, const Prompt& prompt, Rng& own) -> Result<Action> {
    std::string key = prompt.agent + prompt.text;
    if (prompt.agent == "player_0" && prompt.text != "b:") card = prompt.text;
    if (prompt.agent == "player_0" && prompt.text == "b:") key = prompt.agent + card + "?";
    const std::vector<double>& chance = behaviour[place.at(key)];
    const double u = own.uniform();
    return Action{prompt.agent, u < chance[0] ? "p" : (u < chance[0] + chance[1] ? "b" : ""),
                  false};
  };
  double value = 0, forfeits = 0;
  constexpr int kHands = 30000;
  for (int i = 0; i < kHands; ++i) {
    const auto n = static_cast<std::uint64_t>(i);
    const Played played = play_episode(spec, *spec.task(Split::kTrain, n), n, player);
    value += played.outcome.rewards[0] / kHands;
    forfeits += played.outcome.success ? 0.0 : 1.0 / kHands;
  }
  const NamedNumbers found = metric->measure(behaviour);
  EXPECT_NEAR(found.at("value_player_0"), value, 0.04);  // 4 deviations
  EXPECT_NEAR(found.at("forfeits"), forfeits, 0.012);
}

TEST(KuhnMetric, LaterProbesFollowFromEarlierOnes) {
  const KuhnMetric metric;
  ASSERT_EQ(metric.probes().size(), 12U);
  for (const Probe& probe : metric.probes()) {
    ASSERT_EQ(probe.answers.size() + 1, probe.prompts.size());
    if (probe.answers.empty()) continue;
    const bool found = std::any_of(metric.probes().begin(), metric.probes().end(), [&](auto& p) {
      return p.agent == probe.agent && p.prompts.size() == 1 && p.prompts[0] == probe.prompts[0];
    });
    EXPECT_TRUE(found);
  }
}

}  // namespace
}  // namespace troupe
