#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "rollout/emulated/options.h"
#include "simulate/costs/roofline.h"
#include "simulate/workload/chain.h"

namespace troupe {

/// The least seconds in which the accelerators could do the work of a run, whatever the schedule:
/// the work-conserving lower bound. Instances serve any policy, moves and loads of weights cost
/// nothing, no cache is lost, and every decode step is a full batch.
///
/// Of a step that trains on groups G, with M instances and K training slots:
///
///   rollout    sum of the episodes' least instance seconds / M, then the shortest optimizer step
///   chain      of each group: its longest episode alone, then for each of its policies the
///              group's backward and the policy's optimizer step
///   training   sum of all backward passes and optimizer steps / K, and of each policy alone
///   shared     if the same devices do both: the first sums of rollout and training together
///
/// An episode's least instance seconds: each decoded token costs decode_base / max_batch +
/// decode_per_sequence + decode_per_context_token x its context, each token that is prefilled once
/// prefill_per_token.
///
/// At staleness 0 nothing of a step can begin before the one before has ended, so steps add up.
/// With overlap only the sums over the whole run and the longest chain bound it.
class WorkBound {
 public:
  /// Costs of each policy.
  WorkBound(std::vector<EmulatedOptions> rollout, std::vector<TrainingCosts> training,
            int instances, int slots, bool shared = false);

  /// One episode of a group that the step trains on.
  void add(std::int64_t step, std::int64_t group, const Chain& chain);

  /// Of the steps before `steps`, one after the other.
  [[nodiscard]] double synchronous(std::int64_t steps) const;
  /// Of all of them, in any order.
  [[nodiscard]] double overlapped(std::int64_t steps) const;

 private:
  struct Group {
    double longest = 0;              ///< episode alone, seconds
    std::map<int, double> backward;  ///< by policy, seconds
  };
  struct Step {
    double rollout = 0;  ///< instance seconds
    std::map<std::int64_t, Group> groups;
  };
  /// Backward and optimizer seconds of each policy that has samples in the step.
  [[nodiscard]] std::map<int, double> training_of(const Step& step) const;
  [[nodiscard]] double chain_of(const Step& step) const;

  std::vector<EmulatedOptions> rollout_;
  std::vector<TrainingCosts> training_;
  int instances_, slots_;
  bool shared_;  ///< instances and slots are the same devices
  std::map<std::int64_t, Step> steps_;
};

}  // namespace troupe
