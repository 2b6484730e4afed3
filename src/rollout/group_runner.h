#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rollout/credit/credit_stage.h"
#include "rollout/workflow/workflow.h"

namespace troupe {

class RewardStage;

/// A finished episode.
struct EpisodeRecord {
  std::vector<Trajectory> trajectories;  ///< those that hold sampled tokens
  std::vector<Exchange> exchanges;
  Outcome outcome;
  int attempts = 1;
  int resumed = 0;         ///< answers that new weights interrupted
  Nanos reward_began = 0;  ///< on the executor's clock, when the reward stage was asked; 0: never
  Nanos reward_ended = 0;
};

/// What episodes need besides their task.
struct EpisodeSetting {
  Executor& executor;
  const EnvironmentSpec& spec;
  const AgentBindings& agents;
  const Workflow* workflow = &follow_environment();
  int retries = 3;
  Wait turn_wait = Wait(600 * kSecond, "room in an engine");
  std::shared_ptr<Cancel> cancel = nullptr;  ///< ends them early; may be null
  RewardStage* reward = nullptr;  ///< scores episodes that have ended; none: the environment does
  CreditStage* credit = nullptr;  ///< null: rewards are as the environment gave them
  Concurrency* concurrency = nullptr;                ///< budget of answers at once; null: no limit
  std::shared_ptr<const int> group_lacks = nullptr;  ///< episodes; null: unknown
  bool evaluates = false;                            ///< nobody learns from the episodes
};

/// Plays one episode, again after a failure that the agents did not cause (kUnavailable, kIo,
/// kDeadline), at most `retries` times and with the same randomness. Other errors come back at
/// once. Then the reward stage scores it and its credit is assigned, where there are such stages;
/// if one of them fails for good, so does the episode, which is not played again for it.
Async<Result<EpisodeRecord>> play_episode(const EpisodeSetting& setting, Task task, EpisodeId id);

/// True if an error is an infrastructure failure: worth a retry, and never a reward.
bool is_infrastructure(ErrorCode code);

/// Hears an episode of a group as soon as it has ended.
using EpisodeSink = std::function<Status(int member, EpisodeRecord record)>;

/// Plays these members of a group, episodes of one task, side by side; member i has the seed
/// seed_join(seed, i). Each is handed to `done` when it ends, in any order. When all have ended:
/// the first error in the order of `members`, of an episode or of `done`.
Async<Status> play_members(const EpisodeSetting& setting, Task task, std::string input,
                           std::vector<int> members, std::uint64_t seed, EpisodeSink done);

}  // namespace troupe
