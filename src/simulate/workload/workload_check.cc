#include <fmt/format.h>

#include "orchestrate/idle_parts.h"
#include "simulate/workload/workload.h"

namespace troupe {
namespace {

Status invalid(std::string message) { return fail(ErrorCode::kInvalid, std::move(message)); }

/// What the source of the lengths leaves nothing to do for.
Status check_lengths(const WorkloadOptions& o) {
  const WorkloadOptions standard;
  const std::string why = fmt::format("workload.lengths is \"{}\"", o.lengths);
  const bool trace = o.lengths == "trace";
  const bool run = o.lengths == "empirical";
  if (trace && o.trace.empty()) {
    return invalid("workload.lengths = \"trace\" needs a file: set workload.trace");
  }
  if (run && o.from_run.empty()) {
    return invalid("workload.lengths = \"empirical\" needs a run: set workload.from_run");
  }
  if (!trace) {
    TROUPE_TRY(idle_if_given("workload.trace", o.trace, std::string(), why,
                             "set workload.lengths = \"trace\""));
  }
  if (!run) {
    TROUPE_TRY(idle_if_given("workload.from_run", o.from_run, std::string(), why,
                             "set workload.lengths = \"empirical\""));
  }
  if (o.lengths == "lognormal") return {};
  const std::string remedy = "set workload.lengths = \"lognormal\"";
  TROUPE_TRY(idle_if_given("workload.prompt_tokens", o.prompt_tokens, standard.prompt_tokens, why,
                           remedy));
  TROUPE_TRY(idle_if_given("workload.answer_median", o.answer_median, standard.answer_median, why,
                           remedy));
  TROUPE_TRY(
      idle_if_given("workload.answer_sigma", o.answer_sigma, standard.answer_sigma, why, remedy));
  TROUPE_TRY(idle_if_given("workload.task_sigma", o.task_sigma, standard.task_sigma, why, remedy));
  if (trace) return {};
  TROUPE_TRY(idle_if_given("workload.zipf", o.zipf, standard.zipf, why, remedy));
  TROUPE_TRY(idle_if_given("workload.hot_groups", o.hot_groups, standard.hot_groups, why, remedy));
  if (!o.agent_shares.empty()) {
    return invalid("workload.agent_shares would do nothing: " + why + "; remove it");
  }
  if (o.data != nullptr) return {};  // the run has set these
  TROUPE_TRY(idle_if_given("workload.turns", o.turns, standard.turns, why, remedy));
  TROUPE_TRY(idle_if_given("workload.min_turns", o.min_turns, standard.min_turns, why, remedy));
  TROUPE_TRY(idle_if_given("workload.observation_tokens", o.observation_tokens,
                           standard.observation_tokens, why, remedy));
  TROUPE_TRY(idle_if_given("workload.answer_cap", o.answer_cap, standard.answer_cap, why, remedy));
  return idle_if_given("workload.max_context", o.max_context, standard.max_context, why, remedy);
}

Status check_shares(const WorkloadOptions& o) {
  if (o.agent_shares.empty()) return {};
  double sum = 0;
  for (const double share : o.agent_shares) {
    if (share < 0) return invalid(fmt::format("workload.agent_shares has {}, below 0", share));
    sum += share;
  }
  if (!(sum > 0)) return invalid("workload.agent_shares are all 0: somebody must speak");
  return idle_if_given("workload.zipf", o.zipf, WorkloadOptions().zipf,
                       "workload.agent_shares says who speaks", "remove the shares");
}

Status check_tools(const WorkloadOptions& o) {
  const WorkloadOptions standard;
  const std::string why = "workload.tools is \"" + o.tools + "\"";
  if (o.tools == "none" || o.tools == "normal") {
    TROUPE_TRY(idle_if_given("workload.tool_scale", o.tool_scale, standard.tool_scale, why,
                             "choose tools with a table"));
  }
  if (o.tools != "normal") {
    const std::string remedy = "set workload.tools = \"normal\"";
    TROUPE_TRY(idle_if_given("workload.tool_mean", o.tool_mean, standard.tool_mean, why, remedy));
    TROUPE_TRY(
        idle_if_given("workload.tool_sigma", o.tool_sigma, standard.tool_sigma, why, remedy));
  }
  const std::vector<double>& table = o.tool_quantiles;
  if (o.tools != "quantiles") {
    if (table.empty()) return {};
    return invalid(
        fmt::format("workload.tool_quantiles would do nothing: workload.tools is \"{}\"; set it to "
                    "\"quantiles\"",
                    o.tools));
  }
  bool valid = table.size() >= 2 && table.size() % 2 == 0;
  for (std::size_t i = 0; valid && i < table.size(); i += 2) {
    valid = table[i] >= 0 && table[i] <= 1 && table[i + 1] > 0 && table[i + 1] <= 1e6;
    if (valid && i > 0) valid = table[i] > table[i - 2] && table[i + 1] >= table[i - 1];
  }
  if (valid) return {};
  return invalid(
      "workload.tool_quantiles: give pairs of a quantile from 0 to 1 and its seconds above 0, both "
      "growing, such as [0.5, 0.3, 0.9, 13.6]");
}

}  // namespace

Status WorkloadOptions::check() const {
  if (min_turns > turns) {
    return invalid(
        fmt::format("workload.min_turns = {} exceeds workload.turns = {}", min_turns, turns));
  }
  if (lengths == "lognormal" && prompt_tokens >= max_context) {
    return invalid(
        fmt::format("workload.prompt_tokens = {} leaves no room for an answer in "
                    "workload.max_context = {}",
                    prompt_tokens, max_context));
  }
  TROUPE_TRY(check_lengths(*this));
  TROUPE_TRY(check_shares(*this));
  return check_tools(*this);
}

}  // namespace troupe
