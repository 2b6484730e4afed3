#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rollout/emulated/cost_model.h"

namespace troupe {

/// One turn of a chain: a tool runs, the context gains what is said to the agent, which answers.
struct ChainTurn {
  int policy = 0;
  double tool_seconds = 0;
  int fed = 0;      ///< tokens that the context gains before the answer
  int answer = 1;   ///< tokens
  int speaker = 0;  ///< which of the policy's agents, or of an agent's contexts
};

/// An episode as work: turns one after the other. Each agent that speaks has a session of its own,
/// which extends. Either all read one growing text, so that a turn's context is all that was said
/// before it; or each only what was said to it.
struct Chain {
  std::string task;  ///< chains of one task have answers alike
  std::vector<ChainTurn> turns;
  bool shared_text = true;

  /// Tokens that are said in all.
  [[nodiscard]] std::int64_t tokens() const {
    std::int64_t out = 0;
    for (const ChainTurn& turn : turns) out += turn.fed + turn.answer;
    return out;
  }
};

/// Calls `each(turn, tokens of its context, tokens to prefill if no cache is ever lost)`.
template <class Each>
void walk(const Chain& chain, const Each& each) {
  std::map<std::pair<int, int>, std::int64_t> cached;
  std::map<std::pair<int, int>, std::int64_t> own;
  std::int64_t said = 0;
  for (const ChainTurn& turn : chain.turns) {
    const std::pair<int, int> agent(turn.policy, turn.speaker);
    std::int64_t& context = chain.shared_text ? said : own[agent];
    context += turn.fed;
    each(turn, context, context - cached[agent]);
    context += turn.answer;
    cached[agent] = context - 1;  // the last token has not been fed yet
  }
}

/// Seconds of a chain that has an instance of every policy to itself and loses no cache. `cost_of`
/// gives the cost model of a policy.
template <class CostOf>
double alone_seconds(const Chain& chain, const CostOf& cost_of) {
  double out = 0;
  walk(chain, [&](const ChainTurn& turn, std::int64_t context, std::int64_t feed) {
    const CostModel& cost = cost_of(turn.policy);
    out += turn.tool_seconds + cost.prefill(feed) +
           cost.decode(turn.answer - 1, 1, static_cast<double>(context + 1));
  });
  return out;
}

}  // namespace troupe
