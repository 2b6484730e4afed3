#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/async.h"
#include "rollout/cancel.h"
#include "rollout/episode.h"
#include "troupe/environment.h"

namespace troupe {

/// An episode that has ended and wants a score. Borrowed: lives until the score is there.
struct RewardRequest {
  const Task& task;
  const std::vector<Exchange>& exchanges;  ///< of all agents, in the order of the answers
  const Outcome& outcome;                  ///< as the environment gave it
  std::uint64_t seed = 0;                  ///< of whatever is random in scoring
  double seconds = 0;                      ///< how long the answer may keep the source busy
  const Cancel* cancel = nullptr;          ///< once requested nobody wants the score; may be null
};

/// What a source makes of an episode: an outcome, or the limit that the answer ran into.
struct Score {
  Outcome outcome;
  std::string limit;   ///< "time", "memory", ...; empty: none, and the outcome counts
  double seconds = 0;  ///< what it took, for the next time limits
};

/// Where rewards come from. Lives on the strand; many scores may be under way at once.
///
/// A limit that the answer ran into is a Score. An error is a failure that no agent caused, and
/// never a reward: kUnavailable, kIo and kDeadline are worth another try, others stop the run.
class RewardSource {
 public:
  virtual ~RewardSource() = default;
  virtual Async<Result<Score>> score(RewardRequest request) = 0;
};

}  // namespace troupe
