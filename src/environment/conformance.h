#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "troupe/environment.h"

namespace troupe {

/// What check_conformance() found. `problems` is empty if the environment keeps the contract of
/// troupe/environment.h; each line names the rule, the task and what was seen.
struct ConformanceReport {
  int episodes = 0;
  std::vector<std::string> problems;
};

/// Plays `tasks` tasks of each split with answers from the teacher, at random, empty, of arbitrary
/// bytes, very long and truncated, and checks the contract that all environments share:
/// determinism given (task, seed, actions); no error on any action; prompts only for known agents
/// and contexts within contexts_per_agent(), each once in a turn; an end within max_turns(); one
/// finite reward per agent, in reward_range(), and so for contexts and answers, which were prompted
/// and are named once; ids unique and stable; train and held-out payloads disjoint (unless
/// splits_overlap()); wrapping at size(); alphabet and max_answer() cover prompts and the teacher's
/// answers; the teacher without noise scores best_reward(), if there is one. `spec` is bound and
/// prepared. Reports at most 20 problems. `seed` chooses the answers.
ConformanceReport check_conformance(const EnvironmentSpec& spec, int tasks, std::uint64_t seed);

}  // namespace troupe
