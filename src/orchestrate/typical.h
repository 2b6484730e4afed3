#pragma once

#include <map>
#include <optional>
#include <string>

#include "orchestrate/trial.h"

namespace troupe {

/// Tokens of one agent's trajectories, means over some tasks and its contexts.
struct RowLength {
  double prompt = 0;   ///< of its first prompt
  double tokens = 0;   ///< of the whole trajectory, without the last, which no model reads
  double pages = 0;    ///< of KV cache
  double sampled = 0;  ///< of the agent's answers
  int longest = 0;     ///< of all the trajectories seen
  double prompts = 0;  ///< about how many different first prompts there are
};

/// How long trajectories are when the environment's teacher answers, by agent: what a policy after
/// its warm start says is about as long. nullopt if there is no teacher, or if the environment is
/// an outside program (it is not run for this). `readers` by agent. A function of the run's seed.
std::optional<std::map<std::string, RowLength>> typical_lengths(
    const RunOptions& options, const std::map<std::string, Reader>& readers);

/// Of `draws` draws from `population` things, all as likely, about so many are different.
double expected_different(double population, double draws);

}  // namespace troupe
