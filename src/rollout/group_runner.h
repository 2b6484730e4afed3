#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rollout/episode.h"

namespace troupe {

/// A finished episode.
struct EpisodeRecord {
  std::vector<Trajectory> trajectories;  ///< those that hold sampled tokens
  std::vector<Exchange> exchanges;
  Outcome outcome;
  int attempts = 1;
};

/// What episodes need besides their task.
struct EpisodeSetting {
  Executor& executor;
  const EnvironmentSpec& spec;
  const AgentBindings& agents;
  Workflow workflow = follow_environment;
  int retries = 3;
  Wait turn_wait = Wait(600 * kSecond, "room in an engine");
};

/// Plays one episode, again after a failure that the agents did not cause (kUnavailable, kIo,
/// kDeadline), at most `retries` times and with the same randomness. Other errors come back at
/// once.
Async<Result<EpisodeRecord>> play_episode(const EpisodeSetting& setting, Task task, EpisodeId id);

/// True if an error is an infrastructure failure: worth a retry, and never a reward.
bool is_infrastructure(ErrorCode code);

/// Plays `members` episodes of one task side by side. The i-th has the seed seed_join(seed, i).
/// The first error, in member order, if any failed.
Async<Result<std::vector<EpisodeRecord>>> play_group(const EpisodeSetting& setting, Task task,
                                                     std::string input, int members,
                                                     std::uint64_t seed);

}  // namespace troupe
