#pragma once

#include <cstdint>
#include <vector>

#include "troupe/metric.h"
#include "troupe/result.h"

namespace troupe {

/// The average of a team's behaviours over versions, each agent by itself, all versions alike.
///
/// Averaged in sequence form (von Stengel, "Efficient computation of behavior strategies", Games
/// and Economic Behavior 14, 1996): a version counts at a probe by the chance that its agent plays
/// up to there. So the average plays each sequence of answers as often as somebody who draws a
/// version at the start of every episode and stays with it; the mean of the chances at a probe
/// would not. With p_v the chance of an answer and x_v the chance of the agent's own answers
/// before:
///   average p = sum_v x_v p_v / sum_v x_v
/// In a two-player zero-sum game such an average of no-regret play nears an equilibrium (Freund and
/// Schapire 1999), where the last version may circle it.
///
/// The sums are all its state: it can be stored, and goes on to the same bits.
struct BehaviourAverage {
  std::int64_t count = 0;     ///< versions in it
  std::vector<double> reach;  ///< [probes]: sum of x_v
  Behaviour played;           ///< [probes][candidates]: sum of x_v p_v

  /// kInvalid if the probes do not fit what is in it, or lack one that a later one follows from.
  Status add(const std::vector<Probe>& probes, const Behaviour& behaviour);
  /// Where no version ever comes, every candidate has the same chance. Needs count > 0.
  [[nodiscard]] Behaviour behaviour() const;
};

}  // namespace troupe
