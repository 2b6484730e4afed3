#include "pipeline/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "pipeline/workload.h"

namespace troupe::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBound =
    "T(s+1) = max(T(begin_i) + chain_i + o_s over its groups i, T(s) + b_s/W + o_s, T(begin) + "
    "sum of (g+b+o)/W of the steps since begin); at staleness 0: sum of max((g+b)/W, longest "
    "chain) + o. g, b, o: busy seconds of generation, backward, optimizer; chain: a group's "
    "longest episode alone on the machine, tools included, and its backward; begin: the version "
    "before which it could not start";

// The tail policies choose what they train on by how long it takes: the bound of what they chose
// says little.
bool has_bound(const Row& row) { return row.mode.tail == "none"; }

double of_bound(const Measured& run) { return run.least / run.seconds(); }
double first_step(const Measured& run) { return run.step_seconds.front(); }
double later_steps(const Measured& run) {
  return (run.seconds() - run.step_seconds.front()) /
         static_cast<double>(run.step_seconds.size() - 1);
}
double wasted(const Measured& run) {
  return 1 - static_cast<double>(run.used) / static_cast<double>(run.sampled);
}
double trained_per_second(const Measured& run) {
  return static_cast<double>(run.trained) / run.seconds();
}

/// Shares of all workers' time by state, the median of the rounds, the largest first.
std::vector<std::pair<std::string, double>> shares(const Row& row) {
  std::vector<std::pair<std::string, double>> out;
  for (const auto& [state, unused] : row.runs.front().states) {
    const double share = row.middle([&state = state](const Measured& run) {
      double all = 0;
      for (const auto& [name, spent] : run.states) all += spent;
      const auto found = run.states.find(state);
      return found == run.states.end() ? 0.0 : found->second / all;
    });
    out.emplace_back(state, share);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

std::string largest_waits(const Row& row) {
  std::string out;
  int count = 0;
  for (const auto& [state, share] : shares(row)) {
    if (!state.starts_with("wait: ") || share < 0.005 || count++ == 3) continue;
    out += fmt::format("{}{} {:.0f}%", out.empty() ? "" : ", ", state.substr(6), 100 * share);
  }
  return out;
}

Json to_json(const WorkloadNumbers& n) {
  return {{"answer_tokens_p50", n.answer_p50},   {"answer_tokens_p99", n.answer_p99},
          {"answer_tokens_mean", n.answer_mean}, {"tool_seconds_p50", n.tool_p50},
          {"tool_seconds_p90", n.tool_p90},      {"tool_seconds_p99", n.tool_p99},
          {"tool_seconds_mean", n.tool_mean}};
}

Json to_json(const Measured& run) {
  Json out = {{"step_seconds", run.step_seconds},
              {"token_seconds_alone", run.token_seconds},
              {"bound_seconds", run.least},
              {"states", run.states},
              {"staleness", run.staleness},
              {"tokens_sampled", run.sampled},
              {"tokens_sampled_and_trained", run.used},
              {"tokens_trained", run.trained},
              {"weights_digest", run.digest}};
  out["steps"] = Json::array();
  for (const StepWork& step : run.work) {
    Json groups = Json::array();
    for (const GroupWork& group : step.groups) {
      groups.push_back({{"begins", group.begins}, {"chain", group.chain}});
    }
    out["steps"].push_back({{"generate", step.generate},
                            {"backward", step.backward},
                            {"optimizer", step.optimizer},
                            {"groups", groups}});
  }
  return out;
}

Json to_json(const Row& row) {
  Json out = {{"mode", row.mode.name},
              {"staleness_bound", row.mode.options.bound()},
              {"seconds", row.middle(&Measured::seconds)},
              {"first_step_seconds", row.middle(first_step)},
              {"later_step_seconds", row.middle(later_steps)},
              {"idle_share", row.middle(&Measured::idle_share)}};
  if (has_bound(row)) out["share_of_bound"] = row.middle(of_bound);
  out["staleness"] = row.middle([](const Measured& run) { return run.staleness; });
  out["wasted_token_share"] = row.middle(wasted);
  out["trained_tokens_per_second"] = row.middle(trained_per_second);
  out["state_shares"] = Json::object();
  for (const auto& [state, share] : shares(row)) out["state_shares"][state] = share;
  out["rounds"] = Json::array();
  for (const Measured& run : row.runs) out["rounds"].push_back(to_json(run));
  return out;
}

}  // namespace

Report::Report(bool json) : json_(json), terminal_(isatty(STDERR_FILENO) != 0) {}
Report::~Report() { clear_progress(); }

void Report::clear_progress() const {
  if (terminal_) fmt::print(stderr, "\r\033[K");
}

void Report::progress(const std::string& text) const {
  if (!terminal_) return;
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
}

void Report::finish(const Options& options, const std::vector<Row>& rows) const {
  clear_progress();
  if (json_) {
    print_json(options, rows);
  } else {
    print_table(options, rows);
  }
}

void Report::print_table(const Options& options, const std::vector<Row>& rows) const {
  fmt::print(
      "{} steps of {} groups of {} episodes on {} workers, the same work in each mode; the median "
      "of {} round{}.\n\n",
      options.steps, options.groups, options.group_size, options.workers, options.rounds,
      options.rounds == 1 ? "" : "s");
  fmt::print("{:<30} {:>8} {:>7} {:>5} {:>9} {:>5} {:>7} {:>10}  {}\n", "mode", "step, s", "first",
             "idle", "of bound", "stale", "wasted", "tokens/s", "largest waits");
  for (const Row& row : rows) {
    const std::string share =
        has_bound(row) ? fmt::format("{:.0f}%", 100 * row.middle(of_bound)) : "-";
    fmt::print(
        "{:<30} {:>8.3f} {:>7.3f} {:>4.0f}% {:>9} {:>5.0f} {:>6.1f}% {:>10}  {}\n", row.mode.name,
        row.middle(later_steps), row.middle(first_step), 100 * row.middle(&Measured::idle_share),
        share, row.middle([](const Measured& run) { return run.staleness; }),
        100 * row.middle(wasted), with_commas(row.middle(trained_per_second)), largest_waits(row));
  }
  fmt::print(
      "\nbound: {}\nmicro_batch came {:.0f}% of the way from barrier to its bound; both ended with "
      "the same weights\n",
      kBound, 100 * way_to_the_bound(rows));
  const double others = others_.share();
  if (others > 0.05) {
    fmt::print(
        "\nother processes and the kernel used {:.0f}% of the processors meanwhile: a quiet "
        "machine gives better figures\n",
        100 * others);
  }
}

void Report::print_json(const Options& options, const std::vector<Row>& rows) const {
  Json json = {{"workers", options.workers},
               {"steps", options.steps},
               {"groups", options.groups},
               {"group_size", options.group_size},
               {"time_scale", options.time_scale},
               {"workload", to_json(workload_numbers())},
               {"bound", kBound},
               {"micro_batch_way_to_the_bound", way_to_the_bound(rows)},
               {"other_load", others_.share()}};
  json["modes"] = Json::array();
  for (const Row& row : rows) json["modes"].push_back(to_json(row));
  fmt::print("{}\n", json.dump(2));
}

}  // namespace troupe::bench
