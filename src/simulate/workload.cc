#include "simulate/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "simulate/draws.h"

namespace troupe {

void WorkloadOptions::declare(OptionSet& o) {
  o.add("turns", &turns, "Most turns of an episode.").range(1, 1000);
  o.add("min_turns", &min_turns,
        "Fewest turns of an episode; the number is drawn evenly from here to turns.")
      .range(1, 1000);
  o.add("prompt_tokens", &prompt_tokens, "Tokens of a task, at the begin of an episode.")
      .range(kLeastFed, 1e6);
  o.add("observation_tokens", &observation_tokens,
        "Tokens that the team's text gains before each later turn: what a tool said.")
      .range(kLeastFed, 1e6);
  o.add("answer_median", &answer_median, "Median tokens of an answer, which is log-normal.")
      .range(1, 1e6);
  o.add("answer_sigma", &answer_sigma, "Standard deviation of the logarithm of an answer's tokens.")
      .range(0, 3);
  o.add("answer_cap", &answer_cap, "Most tokens of an answer.").range(1, 1e6);
  o.add("task_sigma", &task_sigma,
        "Standard deviation of the logarithm of a factor that the answers of a task share.")
      .range(0, 3);
  o.add("zipf", &zipf,
        "How unequal the agents' work is: the one of rank r speaks in proportion to 1 / r^zipf. 0: "
        "all alike.")
      .range(0, 4);
  o.add("hot_groups", &hot_groups,
        "Groups after which every agent's rank changes by one, so that another is the busiest. 0: "
        "never.")
      .range(0, 1e9);
  o.add("tools", &tools,
        "What runs before each turn but the first. none: nothing. tracelab: a tool with the "
        "quantiles of coding agents' calls (median 0.3 s, p90 13.6, p99 216).")
      .one_of({"none", "tracelab"});
  o.add("tool_scale", &tool_scale, "tools = tracelab: seconds for each of the table's.")
      .range(1e-6, 1000);
  o.add("max_context", &max_context,
        "Tokens of an agent's context, which an instance reserves; episodes end where more would "
        "be needed.")
      .range(2 * kLeastFed, 1e7);
}

Status WorkloadOptions::check() const {
  if (min_turns > turns) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("workload.min_turns = {} exceeds workload.turns = {}", min_turns, turns));
  }
  if (prompt_tokens >= max_context) {
    return fail(ErrorCode::kInvalid,
                fmt::format("workload.prompt_tokens = {} leaves no room for an answer in "
                            "workload.max_context = {}",
                            prompt_tokens, max_context));
  }
  if (tools == "none" && tool_scale != WorkloadOptions().tool_scale) {
    return fail(ErrorCode::kInvalid,
                "workload.tool_scale would do nothing: workload.tools is \"none\"; remove it or "
                "choose tools");
  }
  return {};
}

Chain draw_chain(const WorkloadOptions& o, int agents, std::uint64_t run_seed, std::uint64_t place,
                 std::uint64_t seed) {
  Chain chain;
  chain.task = std::to_string(place);
  Rng of_task(seed_join(seed_join(run_seed, "task"), place));
  const double factor = log_normal(of_task, 1, o.task_sigma);
  const auto turn_after =
      o.hot_groups > 0 ? place / static_cast<std::uint64_t>(o.hot_groups) : std::uint64_t{0};
  const auto phase = static_cast<int>(turn_after % static_cast<std::uint64_t>(agents));
  Rng rng(seed_join(seed, "chain"));
  const auto turns =
      o.min_turns +
      static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(o.turns - o.min_turns + 1)));
  std::int64_t said = 0;
  for (std::int64_t t = 0; t < turns; ++t) {
    ChainTurn turn;
    turn.policy = (zipf(rng, agents, o.zipf) + phase) % agents;
    turn.fed = static_cast<int>(t == 0 ? o.prompt_tokens : o.observation_tokens);
    const double drawn = log_normal(rng, o.answer_median * factor, o.answer_sigma);
    const double tool = rng.uniform();
    if (t > 0 && o.tools != "none") {  // whole microseconds, as plans have them
      turn.tool_seconds = std::floor(1e6 * tool_seconds(tool) * o.tool_scale) / 1e6;
    }
    const std::int64_t room = o.max_context - said - turn.fed;
    if (room < 1) break;
    turn.answer = static_cast<int>(std::clamp<double>(
        drawn, 1, static_cast<double>(std::min<std::int64_t>(o.answer_cap, room))));
    said += turn.fed + turn.answer;
    chain.turns.push_back(turn);
  }
  return chain;
}

}  // namespace troupe
