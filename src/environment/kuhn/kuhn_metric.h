#pragma once

#include <vector>

#include "troupe/metric.h"

namespace troupe {

/// How far two players of Kuhn poker are from an equilibrium, exactly.
///
/// Probes: player_0's 6 information sets (card; card after its own p and a bet), then player_1's 6
/// (card and the move seen); candidates p and b. What they lack to 1 is the chance of a forfeit, so
/// the numbers are those of the game as the team plays it.
///   nash_conv: max over player_0's replies of its value against player_1, plus the same for
///     player_1: what both could gain together by playing a best reply (Lanctot et al., "A unified
///     game-theoretic approach to multiagent reinforcement learning", arXiv 1711.00832).
///     0 at an equilibrium, 11/12 for two uniform players without forfeits. The 2^6 pure replies of
///     each player are enumerated; a forfeit is never better than a legal move.
///   value_player_0: chips that player_0 wins in a hand on average; -1/18 at an equilibrium.
///   forfeits: share of hands that end with an illegal answer.
class KuhnMetric : public ExactMetric {
 public:
  KuhnMetric();
  [[nodiscard]] const std::vector<Probe>& probes() const override { return probes_; }
  [[nodiscard]] NamedNumbers measure(const Behaviour& behaviour) const override;

 private:
  std::vector<Probe> probes_;
};

}  // namespace troupe
