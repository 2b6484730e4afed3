#pragma once

#include <string>

namespace troupe {

/// One turn of an episode whose lengths are known before it is played: first a tool runs, which no
/// worker has a part in, then the agent answers with exactly so many tokens.
struct PlannedTurn {
  int tokens = 1;
  double tool_seconds = 0;
};

/// The characters of plans.
inline constexpr const char* kPlanAlphabet = "0123456789:>";

/// A plan as the end of a prompt: ">tokens:microseconds".
std::string plan_text(const PlannedTurn& turn);
/// What a prompt says; the plan is the end of `text`.
PlannedTurn planned(const std::string& text);

}  // namespace troupe
