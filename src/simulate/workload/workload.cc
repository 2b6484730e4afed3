#include "simulate/workload/workload.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "simulate/workload/draws.h"

namespace troupe {
namespace {

/// An index, in proportion to its share. One draw.
int by_shares(Rng& rng, const std::vector<double>& shares) {
  double left = rng.uniform() * std::accumulate(shares.begin(), shares.end(), 0.0);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    left -= shares[i];
    if (left < 0) return static_cast<int>(i);
  }
  return static_cast<int>(shares.size()) - 1;
}

/// Seconds of the tool before a turn: whole microseconds, as plans have them.
class Tools {
 public:
  explicit Tools(const WorkloadOptions& o) : options_(o) {}
  /// `quantile` of a table, or a draw of a normal distribution that it seeds.
  [[nodiscard]] double seconds(double quantile) const {
    if (options_.tools == "none") return 0;
    if (options_.tools == "normal") {
      Rng own(seed_join(std::bit_cast<std::uint64_t>(quantile), "tool"));
      const double drawn = options_.tool_mean + options_.tool_sigma * own.normal();
      return std::floor(1e6 * std::max(0.0, drawn)) / 1e6;
    }
    const double drawn = options_.tools == "tracelab"
                             ? tool_seconds(quantile)
                             : table_seconds(options_.tool_quantiles, quantile);
    return std::floor(1e6 * drawn * options_.tool_scale) / 1e6;
  }

 private:
  const WorkloadOptions& options_;
};

/// Lengths of the episodes of one task.
class Lengths {
 public:
  Lengths(const WorkloadOptions& o, Rng& of_task) : options_(o) {
    if (traced()) {
      prompt_ = std::max<std::int64_t>(1, row(of_task).prompt);
    } else {
      prompt_ = o.prompt_tokens;
      factor_ = log_normal(of_task, 1, o.task_sigma);
    }
  }
  [[nodiscard]] std::int64_t prompt() const { return prompt_; }
  [[nodiscard]] double answer(Rng& rng) const {
    return traced() ? static_cast<double>(row(rng).answer)
                    : log_normal(rng, options_.answer_median * factor_, options_.answer_sigma);
  }

 private:
  [[nodiscard]] bool traced() const { return options_.lengths == "trace"; }
  [[nodiscard]] const Arrival& row(Rng& rng) const {
    return options_.data->rows[rng.below(options_.data->rows.size())];
  }
  const WorkloadOptions& options_;
  std::int64_t prompt_ = 0;
  double factor_ = 1;
};

}  // namespace

void WorkloadOptions::declare(OptionSet& o) {
  o.add("lengths", &lengths,
        "Where lengths come from. lognormal: the distributions below. trace: answers and prompts "
        "of the requests in a file. empirical: whole episodes of a run that was live.")
      .one_of({"lognormal", "trace", "empirical"});
  o.add("trace", &trace,
        "lengths = trace: the file, Azure's CSV (TIMESTAMP,ContextTokens,GeneratedTokens) or "
        "Mooncake's JSONL (timestamp, input_length, output_length).");
  o.add("from_run", &from_run,
        "lengths = empirical: the folder of the run; the episodes in its experience journal.");
  o.add("turns", &turns, "Most turns of an episode.").range(1, 1000);
  o.add("min_turns", &min_turns,
        "Fewest turns of an episode; the number is drawn evenly from here to turns.")
      .range(1, 1000);
  o.add("prompt_tokens", &prompt_tokens, "Tokens of a task, at the begin of an episode.")
      .range(1, 1e6);
  o.add("observation_tokens", &observation_tokens,
        "Tokens that the team's text gains before each later turn: what a tool said.")
      .range(1, 1e6);
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
  o.add("agent_shares", &agent_shares,
        "Instead of zipf: how often each agent speaks, in proportion; a number for each of them.");
  o.add("hot_groups", &hot_groups,
        "Groups after which every agent's rank changes by one, so that another is the busiest. 0: "
        "never.")
      .range(0, 1e9);
  o.add("tools", &tools,
        "What runs before each turn but the first. none: nothing. tracelab: a tool with the "
        "quantiles of coding agents' calls (median 0.3 s, p90 13.6, p99 216). quantiles: those of "
        "tool_quantiles. normal: seconds of a normal distribution.")
      .one_of({"none", "tracelab", "quantiles", "normal"});
  o.add("tool_quantiles", &tool_quantiles,
        "tools = quantiles: a quantile, its seconds, the next quantile, its seconds, ...; between "
        "two the logarithm is linear.");
  o.add("tool_mean", &tool_mean, "tools = normal: mean seconds.").range(0, 1e5);
  o.add("tool_sigma", &tool_sigma, "tools = normal: standard deviation, seconds.").range(0, 1e5);
  o.add("tool_scale", &tool_scale, "With tools: seconds for each of the table's.")
      .range(1e-6, 1000);
  o.add("max_context", &max_context,
        "Tokens of an agent's context, which an instance reserves; episodes end where more would "
        "be needed.")
      .range(2, 1e7);
}

int WorkloadMix::kind(std::uint64_t place) const {
  const auto before = [this](std::uint64_t tasks) {
    return std::floor(other_tasks * static_cast<double>(tasks) + 1e-9);
  };
  return before(place + 1) > before(place) ? 1 : 0;
}

Chain draw_chain(const WorkloadOptions& o, int agents, std::uint64_t run_seed, std::uint64_t place,
                 std::uint64_t seed) {
  Rng of_task(seed_join(seed_join(run_seed, "task"), place));
  Rng rng(seed_join(seed, "chain"));
  Tools tools(o);
  if (o.lengths == "empirical") {
    const auto& task = o.data->tasks[of_task.below(o.data->tasks.size())];
    Chain chain = task[rng.below(task.size())];
    chain.task = std::to_string(place);
    for (std::size_t t = 1; t < chain.turns.size(); ++t) {
      const double tool = rng.uniform();
      chain.turns[t].tool_seconds = tools.seconds(tool);
    }
    return chain;
  }
  Chain chain;
  chain.task = std::to_string(place);
  const Lengths lengths(o, of_task);
  const auto turn_after =
      o.hot_groups > 0 ? place / static_cast<std::uint64_t>(o.hot_groups) : std::uint64_t{0};
  const auto phase = static_cast<int>(turn_after % static_cast<std::uint64_t>(agents));
  const auto turns =
      o.min_turns +
      static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(o.turns - o.min_turns + 1)));
  std::int64_t said = 0;
  for (std::int64_t t = 0; t < turns; ++t) {
    ChainTurn turn;
    const int rank =
        o.agent_shares.empty() ? zipf(rng, agents, o.zipf) : by_shares(rng, o.agent_shares);
    turn.policy = (rank + phase) % agents;
    const int speakers = o.speakers_of(turn.policy);
    if (speakers > 1)
      turn.speaker = static_cast<int>(rng.below(static_cast<std::uint64_t>(speakers)));
    turn.fed = static_cast<int>(t == 0 ? lengths.prompt() : o.observation_tokens);
    const double drawn = lengths.answer(rng);
    const double tool = rng.uniform();
    if (t > 0) turn.tool_seconds = tools.seconds(tool);
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
