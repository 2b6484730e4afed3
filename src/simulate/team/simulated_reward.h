#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/options.h"
#include "rollout/reward/reward_stage.h"
#include "troupe/result.h"

namespace troupe {

/// What scoring an episode takes: table [reward] of a simulation's file. Names that a run file has,
/// too, mean the same there.
struct SimulatedReward {
  double seconds = 0;
  double sigma = 0.5;
  double hang = 0;
  std::string when = "sample";
  double lambda = 1.5;
  double t_min = 2;
  double t_max = 30;
  std::int64_t concurrency = 64;

  void declare(OptionSet& options);
  /// kInvalid: options that contradict each other or would do nothing.
  [[nodiscard]] Status check() const;
  [[nodiscard]] bool none() const { return seconds == 0 && hang == 0; }
};

/// What it takes to score one answer.
struct RewardWork {
  double seconds = 0;
  bool hangs = false;  ///< the answer's program does not end by itself
};
/// A function of the episode's reward seed, so that every schedule scores the same answers.
RewardWork reward_work(const SimulatedReward& options, std::uint64_t seed);

/// The reward stage of a live run (rollout/reward/reward_stage.h) over a source that takes the time
/// of reward_work(): at most `concurrency` at once, each for at most the stage's time limit.
std::unique_ptr<RewardStage> make_simulated_reward(Executor& executor,
                                                   const SimulatedReward& options,
                                                   std::int64_t agents);

}  // namespace troupe
