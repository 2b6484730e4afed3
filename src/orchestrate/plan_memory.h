#pragma once

#include <cstdint>
#include <vector>

#include "orchestrate/binding/options.h"
#include "orchestrate/team.h"
#include "orchestrate/typical.h"

namespace troupe {

/// What one policy of a run holds, in bytes.
struct PolicyMemory {
  std::uint64_t base = 0;         ///< masters and packed form of a base that adapters share
  std::uint64_t weights = 0;      ///< masters and their packed form, of the version that serves
  std::uint64_t older = 0;        ///< of earlier versions that groups on their way are played with
  std::uint64_t reference = 0;    ///< the same of the policy that KL is measured against
  std::uint64_t optimizer = 0;    ///< AdamW moments
  std::uint64_t gradients = 0;    ///< per slot of training: a gradient and its exact sums
  std::uint64_t critic = 0;       ///< of advantage = "gae": all that its training holds
  std::uint64_t activations = 0;  ///< per slot: a backward pass, and the reference's forward
  std::uint64_t engine = 0;       ///< per lane: a forward pass of its sequences
  std::uint64_t kv_cache = 0;     ///< of the sessions that are open at once
  std::uint64_t experience = 0;   ///< of the groups on their way
  std::uint64_t published = 0;    ///< a version, the one before it, and their payloads
  std::uint64_t next = 0;         ///< while a step is taken: the next version
  std::uint64_t copies = 0;       ///< while a checkpoint is written: the moments, taken out ...
  std::uint64_t encoding = 0;     ///< ... and, one policy at a time, as a file

  // Of the above, what slots of training share (training.slots).
  std::uint64_t moments = 0;     ///< of policy and critic
  std::uint64_t workspaces = 0;  ///< gradients, sums and activations, of the critic too
  std::uint64_t state = 0;       ///< while it is put away: moments, and a step's sums so far

  /// All that is held between steps.
  [[nodiscard]] std::uint64_t standing() const {
    return base + weights + older + reference + optimizer + gradients + critic + activations +
           engine + kv_cache + experience + published;
  }
};

/// How long the trajectories of a policy are, for the sum: means, and the longest.
struct PolicyLengths {
  double prompt = 0;
  double tokens = 0;
  double sampled = 0;
  double pages = 0;
  int longest = 0;
  double prompts = 1e9;  ///< different first prompts that there are
};

/// What training holds that policies share by slots, in bytes.
struct SharedTraining {
  std::uint64_t workspaces = 0;  ///< of as many policies as there are slots, the largest
  std::uint64_t memory = 0;      ///< states, in slots and waiting
  std::uint64_t disk = 0;        ///< the most of them that may lie there
};

/// With training.slots > 0. kInvalid, and the number that would do, if training.memory_megabytes
/// cannot hold the states of all slots at once, with the sums that a state has in mid-step.
Result<SharedTraining> shared_training(const std::vector<const PolicyMemory*>& policies,
                                       const TrainingOptions& training);

/// The most that any run of these options holds has lengths that are all `start.max_context`.
PolicyLengths longest_lengths(const PolicyStart& start);

/// `holds_base`: this policy is the one that a shared base is counted with.
PolicyMemory policy_memory(const RunOptions& options, const PolicyOptions& policy,
                           const PolicyStart& start, const PolicyLengths& lengths, int workers,
                           bool holds_base);

}  // namespace troupe
