#pragma once

#include <vector>

#include "experience/trajectory.h"
#include "orchestrate/exact/case.h"
#include "orchestrate/exact/tally.h"

namespace troupe::exact {

/// Sessions that a LocalEngine plays: a few turns each, those of one family with the same first
/// prompt.
struct Script {
  struct Session {
    std::vector<std::vector<TokenId>> prompts;  ///< what is shown before each answer
    std::vector<int> answers;                   ///< most tokens of each answer
    std::uint64_t seed = 0;
  };
  std::vector<Session> sessions;
  float temperature = 1.0F;
  TokenId end_token = 0;
};
Script draw_script(const Case& drawn);

/// Plays the script twice, one session after the other and in a random schedule (arrival, lanes,
/// burst, KV budget, weights loaded again between turns), on virtual clocks. Compares the samples,
/// and the log-probs that were recorded with those of the training forward. Gives what was played.
std::vector<Trajectory> check_engine(const Case& drawn, const Script& script,
                                     const std::shared_ptr<const Decoder>& decoder, Tally& tally);

}  // namespace troupe::exact
