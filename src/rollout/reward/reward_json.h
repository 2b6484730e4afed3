#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "rollout/reward/reward_source.h"

namespace troupe {

/// What programs and endpoints that score episodes read and write (docs/rewards.md).

/// The agents in the order of Outcome::rewards, and what a reward may be.
struct RewardTerms {
  std::vector<std::string> agents;
  double min = 0;
  double max = 1;
};

/// {"task": payload, "exchanges": [{"agent", "prompt", "answer", "truncated"}, ...],
///  "outcome": {"rewards": {agent: number}, "success"}, "seed", "time_limit"}.
nlohmann::json reward_request_json(const RewardRequest& request, const RewardTerms& terms);

/// Reads {"rewards": {agent: number} or [number, ...], "success": true or false}, or {"limit":
/// text} of an answer that ran into a limit which the replier set. kUnavailable for anything else,
/// {"error": text} included, with what was expected.
Result<Score> read_reward_reply(const std::string& text, const RewardTerms& terms);

}  // namespace troupe
