#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "troupe/environment.h"

namespace troupe {

/// Answers one prompt; may ask the environment for a demonstration.
using Player = std::function<Result<Action>(const Environment&, const Prompt&, Rng&)>;

/// The environment's own teacher.
Player teacher_player(double noise);

/// Uniform characters of `alphabet` (any printable ASCII if empty), uniform length up to `longest`.
Player random_player(std::string alphabet, std::size_t longest);

/// One prompt and its answer, in which turn.
struct PlayedTurn {
  int turn = 0;
  Prompt prompt;
  Action action;
};

/// An episode as it was played.
struct Played {
  Task task;
  std::vector<PlayedTurn> exchanges;
  bool finished =
      false;        ///< ended by itself, within agents * contexts_per_agent * (max_turns + 1) turns
  Outcome outcome;  ///< of a finished episode
  std::optional<Error> error;
};

/// The prompted agent as a person may read it: "solver", or "solver.2" for its context 2.
std::string speaker_text(const Prompt& prompt);

/// Plays one episode outside any workflow: for checks, demonstrations and people. `seed` is the
/// episode's; the player draws from a stream derived from it.
Played play_episode(const EnvironmentSpec& spec, const Task& task, std::uint64_t seed,
                    const Player& player);

/// The episode as text that a person can read; bytes outside printable ASCII as \xNN. Golden
/// playthroughs are this text.
std::string playthrough_text(const Played& played);

}  // namespace troupe
