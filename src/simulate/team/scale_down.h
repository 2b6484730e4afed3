#pragma once

#include <cstdint>
#include <vector>

#include "rollout/emulated/cost_model.h"

namespace troupe {

/// What is known, or predicted, of a step when somebody asks whether half of its instances should
/// train. Lengths are in decode steps from now.
struct ScaleDownCase {
  struct Group {
    double left = 0;     ///< until it is complete
    double seconds = 0;  ///< of its backward on all devices
  };
  std::int64_t all = 1;         ///< instances; those that do not serve are training
  std::int64_t serving = 1;     ///< of these, now
  std::int64_t room = 1;        ///< sequences that one of them holds
  CostModel cost;               ///< of one of them
  std::vector<double> answers;  ///< left of each that is being generated, ascending
  double context = 0;           ///< tokens in the cache of one, mean
  std::vector<Group> groups;    ///< incomplete ones, those complete first in front
  std::size_t needed = 0;       ///< of these, for the step
  double backlog = 0;           ///< seconds of backward of the complete ones, on all devices
};

/// When half of the instances that serve leave the rollout of a step for its training: pure
/// functions. Two tests.
///
/// Room, the stream trainer's (RollPacker, arXiv 2509.21009): asked between 20% and 50% of the
/// step's answers, at each further 5%, once a step; what is left must fit the other half.
///
/// Time. A step is over when its rollout is, and then what was not trained on meanwhile, on all
/// devices:
///
///   end = R + max(0, W - T)
///
/// R what rollout still takes, W the backward of all its groups, T what of it is done beside
/// rollout: the share of the instances that have left, for as long as some group is complete and
/// not trained on. With half as many instances batches are twice as large: R grows by the ratio of
/// the decode steps' times, close to 1 where a step reads mostly weights (or a tail has an instance
/// for each answer), up to 2 where batch and contexts bound it, and by the prefill of the caches
/// that move. T grows by half of the instances' share, but only if groups are complete by then:
/// early in a step hardly one is. So the same halving may cost most of a rollout or nothing.
///
/// Half leave if the step then ends sooner than if nobody leaves any more, and leaving at no later
/// end of an answer would gain more by over a tenth of that. (Without the tenth they would often
/// wait too long: what waiting gains hangs on a guess of the tail, and is little.) It is asked from
/// 20% of the answers on, at each further 1% (before, their lengths tell too little of the tail),
/// until one instance serves. What is left must fit here, too.
struct ScaleDownRule {
  static constexpr std::int64_t kFirst = 20, kLast = 50, kEvery = 5;  ///< percent, of room
  static constexpr std::int64_t kEveryOfTime = 1;                     ///< percent
  static constexpr double kWaiting = 0.1;

  /// Whether the test of room is to be asked when `done` of `wanted` answers are there, and was
  /// last asked at `asked` of them.
  [[nodiscard]] static bool due(std::int64_t done, std::int64_t asked, std::int64_t wanted);
  /// The same of the test of time.
  [[nodiscard]] static bool due_for_time(std::int64_t done, std::int64_t asked,
                                         std::int64_t wanted);
  /// `left`: sequences in the engines; `room`: that the instances which stay hold.
  [[nodiscard]] static bool fits(std::int64_t left, std::int64_t room) { return left <= room; }
  [[nodiscard]] static bool pays(const ScaleDownCase& now);
  /// Seconds until the step's backward is over if half of the instances leave when `leave_at`
  /// answers have ended; the count of answers: nobody leaves.
  [[nodiscard]] static double ends(const ScaleDownCase& now, std::size_t leave_at);
};

}  // namespace troupe
