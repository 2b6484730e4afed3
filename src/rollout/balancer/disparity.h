#pragma once

#include "rollout/balancer/balancer.h"

namespace troupe {

/// Moves instances to the policy with most pressure: requests, waiting and in flight, per instance.
/// After FlexMARL's inter-agent balancing (arXiv 2602.09578, threshold 5); the paper gives neither
/// its formula of the disparity nor what follows here.
///
/// An instance moves from a donor to a receiver if
/// - their pressures differ by more than `threshold` requests per instance,
/// - neither gave nor got an instance in the last `cooldown` seconds, and the donor keeps its
///   minimum,
/// - after the move the receiver still has more requests per instance than the donor, and more
///   seconds of predicted work, so that no move makes the disparity that would undo it,
/// - it pays: the instance serves the receiver's backlog for longer than its move takes. With n
///   instances of its rate the receiver's backlog w (its requests' work and what their sessions
///   will ask for later) ends after (w / rate + delay) / (n + 1) seconds, if the new one joins
///   after `delay` = leave + load; less the delay, that is the time that it serves (n times the
///   seconds by which the backlog ends sooner).
/// `leave` is the smaller of two: draining lasts until its longest request has ended, aborting
/// costs the seconds to prefill its contexts again, which delay not the receiver but the donor.
///
/// Each move is checked against the state that those before it leave; no policy both gives and gets
/// in one plan. With a load that stays as it is, plans come to an end: each move leaves two
/// pressures below the higher of the two before, so the sorted pressures only ever fall.
///
/// Before all that, without threshold, cool-down or cost, instances without a policy go to those
/// below their minimum, then to the highest pressure; and policies below their minimum (1 for one
/// with requests, whatever it is) get instances from the lowest pressures.
/// O(instances log instances + (moves + policies) policies).
class DisparityBalancer final : public Balancer {
 public:
  DisparityBalancer(double threshold, double cooldown)
      : threshold_(threshold), cooldown_(cooldown) {}
  [[nodiscard]] std::vector<Move> plan(const LoadState& state) const override;

 private:
  double threshold_;  ///< requests per instance
  double cooldown_;   ///< seconds
};

}  // namespace troupe
