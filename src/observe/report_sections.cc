#include "observe/report_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "observe/interval.h"
#include "observe/markdown.h"
#include "observe/policy_metrics.h"
#include "observe/progress_text.h"
#include "observe/report_pipeline.h"
#include "observe/run_text.h"

namespace troupe {
namespace {

/// "0.1234", "12.5", "1.2e-05": four significant digits.
std::string real_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.4g}", value) : std::string("-");
}

std::string metric_text(const PolicyMetric& metric, double value) {
  return metric.whole && std::isfinite(value) ? fmt::format("{:.0f}", value) : real_text(value);
}

std::string interval_text(const EvalReport& eval) {
  const auto [low, high] = wilson_interval(eval.success, eval.episodes);
  return fmt::format("{:.1f} to {:.1f}%", 100 * low, 100 * high);
}

std::vector<std::string> eval_row(const std::string& name, const EvalReport& eval) {
  return {name,
          fmt::format("{:.1f}%", 100 * eval.success),
          interval_text(eval),
          real_text(eval.reward),
          real_text(eval.response_length),
          grouped_text(eval.episodes),
          real_text(eval.temperature)};
}

const std::vector<std::string>& eval_head() {
  static const std::vector<std::string> head = {"weights",    "success",           "95% interval",
                                                "reward",     "tokens per answer", "episodes",
                                                "temperature"};
  return head;
}

/// First, last, lowest and highest of one metric.
class Range {
 public:
  void add(double value) {
    if (!std::isfinite(value)) return;
    if (count_++ == 0) first_ = low_ = high_ = value;
    last_ = value;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
  [[nodiscard]] std::vector<std::string> row(const PolicyMetric& metric) const {
    const double nan = std::nan("");
    std::vector<std::string> cells = {metric.name};
    for (const double value : {first_, last_, low_, high_}) {
      cells.push_back(metric_text(metric, count_ > 0 ? value : nan));
    }
    cells.emplace_back(metric.meaning);
    std::rotate(cells.begin() + 1, cells.end() - 1, cells.end());
    return cells;
  }

 private:
  int count_ = 0;
  double first_ = 0, last_ = 0, low_ = 0, high_ = 0;
};

}  // namespace

std::string headline_section(const RunInfo& info, const FinalReport& report) {
  const EvalReport& before = report.warm_start;
  const EvalReport& after = report.final;
  std::string out = fmt::format("# {}\n\n", markdown_text(info.name));
  std::string sentence =
      fmt::format("The run **{}** after {} steps in {}", markdown_text(report.status), report.steps,
                  duration_text(report.seconds));
  if (after.episodes > 0 && before.episodes > 0) {
    sentence += fmt::format(". Success on held-out tasks went from **{:.1f}%** to **{:.1f}%**",
                            100 * before.success, 100 * after.success);
  } else if (after.episodes > 0) {
    sentence += fmt::format(". Success on held-out tasks is **{:.1f}%**", 100 * after.success);
  }
  out += sentence + ".\n\n";
  if (!report.message.empty()) out += markdown_text(report.message) + "\n\n";
  std::vector<std::vector<std::string>> rows;
  if (before.episodes > 0) rows.push_back(eval_row("before RL", before));
  if (after.episodes > 0) rows.push_back(eval_row("at the end", after));
  if (!rows.empty()) out += markdown_table(eval_head(), rows, 1) + "\n";
  if (!after.exact.empty()) {
    rows.clear();
    for (const auto& [name, value] : after.exact) {
      const auto found = before.exact.find(name);
      const double first = found == before.exact.end() ? std::nan("") : found->second;
      rows.push_back({markdown_text(name), real_text(first), real_text(value)});
    }
    out += markdown_table({"exact number", "before RL", "at the end"}, rows, 1) + "\n";
  }
  if (!info.optimum.empty()) {
    out +=
        fmt::format("The best that is possible on this task: {}.\n\n", markdown_text(info.optimum));
  }
  return out;
}

std::string setup_section(const RunInfo& info, const FinalReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"task", markdown_text(info.environment)},
      {"seed", std::to_string(info.seed)},
      {"steps", fmt::format("{} of {}", report.steps, info.steps)},
      {"machine",
       fmt::format("{}, {} {}", info.isa, info.threads, info.threads == 1 ? "thread" : "threads")},
      {"time", fmt::format("{} in all; warm start {}, RL {} (without evaluations)",
                           duration_text(report.seconds), duration_text(report.warm_start_seconds),
                           duration_text(report.rl_seconds))}};
  if (report.peak_bytes > 0) {
    const double mebibytes = static_cast<double>(report.peak_bytes) / (1 << 20);
    rows.push_back({"memory", fmt::format("{:.0f} MiB at most", mebibytes)});
  }
  if (info.resumed) {
    rows.push_back(
        {"resumed", fmt::format("after step {}; times are of the last process", info.start_step)});
  }
  std::string out = "## What ran\n\n" + markdown_table({"", ""}, rows, 2) + "\n";
  rows.clear();
  for (const PolicyInfo& policy : info.policies) {
    std::string agents;
    for (const std::string& agent : policy.agents) agents += (agents.empty() ? "" : ", ") + agent;
    rows.push_back({markdown_text(policy.policy), markdown_text(agents),
                    markdown_text(policy.shape), markdown_text(policy.mode),
                    grouped_text(policy.parameters)});
  }
  out += markdown_table({"policy", "agents", "shape", "pipeline", "parameters"}, rows, 4);
  return out + "\nEvery setting, with its meaning, is in `run.toml`.\n\n";
}

std::string metrics_section(const std::vector<StepReport>& steps) {
  std::vector<std::string> policies;
  for (const StepReport& report : steps) {
    for (const PolicyStep& policy : report.policies) {
      if (report.phase == "warm_start") continue;
      if (std::find(policies.begin(), policies.end(), policy.policy) == policies.end()) {
        policies.push_back(policy.policy);
      }
    }
  }
  std::string out = "## Numbers of the steps\n\n";
  if (policies.empty()) return out + "No RL step was taken.\n\n";
  for (const std::string& name : policies) {
    std::vector<Range> ranges(policy_metrics().size());
    std::int64_t taken = 0;
    std::int64_t skipped = 0;
    for (const StepReport& report : steps) {
      if (report.phase == "warm_start") continue;
      for (const PolicyStep& policy : report.policies) {
        if (policy.policy != name) continue;
        ++(policy.skipped ? skipped : taken);
        for (std::size_t i = 0; i < ranges.size(); ++i) {
          ranges[i].add(policy_metrics()[i].get(policy));
        }
      }
    }
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      rows.push_back(ranges[i].row(policy_metrics()[i]));
    }
    out += fmt::format("### {}\n\n{} steps taken, {} skipped.\n\n", markdown_text(name), taken,
                       skipped);
    out +=
        markdown_table({"metric", "meaning", "first", "last", "lowest", "highest"}, rows, 2) + "\n";
  }
  return out;
}

std::string evals_section(const std::vector<EvalReport>& evals) {
  if (evals.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const EvalReport& eval : evals) {
    rows.push_back(
        eval_row(markdown_text(spoken(eval.when)) + (eval.best ? " (best so far)" : ""), eval));
  }
  return "## Evaluations\n\n" + markdown_table(eval_head(), rows, 1) + "\n";
}

std::string exact_section(const std::vector<StepReport>& steps) {
  std::vector<const StepReport*> measured;
  for (const StepReport& report : steps) {
    if (!report.exact.empty()) measured.push_back(&report);
  }
  if (measured.empty()) return "";
  std::vector<std::string> head = {"step"};
  for (const auto& [name, value] : measured.back()->exact) head.push_back(markdown_text(name));
  constexpr std::size_t kRows = 20;
  const std::size_t stride = (measured.size() + kRows - 1) / kRows;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    if (i % stride != 0 && i + 1 != measured.size()) continue;
    std::vector<std::string> row = {std::to_string(measured[i]->step)};
    for (const auto& [name, last] : measured.back()->exact) {
      const auto found = measured[i]->exact.find(name);
      row.push_back(real_text(found == measured[i]->exact.end() ? std::nan("") : found->second));
    }
    rows.push_back(std::move(row));
  }
  return "## Exact numbers\n\nComputed from the policies' probabilities, without episodes; "
         "`average_` is of the average over the steps.\n\n" +
         markdown_table(head, rows, 0) + "\n";
}

std::string time_section(const FinalReport& report) {
  if (report.states.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const auto& [worker, states] : report.states) {
    std::vector<std::pair<std::string, double>> sorted(states.begin(), states.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    double total = 0;
    for (const auto& [state, seconds] : sorted) total += seconds;
    std::string name = markdown_text(worker);
    for (const auto& [state, seconds] : sorted) {
      if (seconds <= 0) continue;
      rows.push_back({std::exchange(name, ""), markdown_text(state), fmt::format("{:.2f}", seconds),
                      fmt::format("{:.1f}%", 100 * seconds / total)});
    }
  }
  const std::string waited = longest_wait(report.states);
  return "## Where the time went\n\n" + (waited.empty() ? "" : waited + "\n\n") +
         "Each worker's whole time, by what it did or waited for.\n\n" +
         markdown_table({"worker", "state", "seconds", "share"}, rows, 2) + "\n";
}

}  // namespace troupe
