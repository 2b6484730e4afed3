#include "observe/run_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "observe/metrics_format.h"
#include "observe/pipeline_format.h"
#include "observe/progress_text.h"

namespace troupe {

std::vector<std::string> start_lines(const RunInfo& info) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format(
      "{}: {}, {} {}, seed {}, {} steps, {} on {} {}", info.name, info.environment,
      info.policies.size(), info.policies.size() == 1 ? "policy" : "policies", info.seed,
      info.steps, info.isa, info.threads, info.threads == 1 ? "thread" : "threads"));
  for (const PolicyInfo& policy : info.policies) {
    lines.push_back(fmt::format("  {}: {} parameters, {}", policy.policy,
                                count_text(static_cast<double>(policy.parameters)), policy.shape));
    if (policy.mode.starts_with("overlap")) lines.push_back("    " + policy.mode);
  }
  lines.push_back("  folder " + info.folder);
  if (info.resumed) lines.push_back(fmt::format("resumed after step {}", info.start_step));
  return lines;
}

std::string exact_text(const NamedNumbers& numbers) {
  std::string out;
  for (const auto& [name, value] : numbers) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", spoken(name), value_text(value, 4));
  }
  return out;
}

std::string eval_text(const EvalReport& report) {
  std::string text =
      fmt::format("eval ({}): success {}, reward {} on {} held-out episodes{}", spoken(report.when),
                  percent_text(report.success), value_text(report.reward, 3), report.episodes,
                  report.best ? ", best so far" : "");
  if (!report.exact.empty()) text += "; " + exact_text(report.exact);
  return text;
}

std::string checkpoint_text(const CheckpointReport& report) {
  return fmt::format(
      "checkpoint {}: {}B written, {}B linked; the run stood still for {:.3f} s of {:.3f} s",
      report.name, count_text(static_cast<double>(report.written_bytes)),
      count_text(static_cast<double>(report.linked_bytes)), report.held_seconds,
      std::max(report.held_seconds, report.write_seconds));
}

std::string spoken(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string progress_text(const StepReport& report, bool elapsed) {
  return fmt::format("{} {}/{}  {:.0f}%  {}{} left", spoken(report.phase), report.step,
                     report.steps, 100 * std::clamp(report.fraction_done, 0.0, 1.0),
                     elapsed ? duration_text(report.elapsed) + " elapsed, " : "",
                     duration_text(report.seconds_left));
}

std::string plain_line(const StepReport& report) {
  std::string line = progress_text(report);
  for (const PolicyStep& policy : report.policies) {
    if (policy.skipped) {
      line += fmt::format("  | {} skipped: {}", policy.policy, policy.skip_reason);
    } else if (report.phase == "warm_start") {
      line += fmt::format("  | {} |grad| {}", policy.policy, value_text(policy.gradient_norm, 3));
    } else {
      line += fmt::format("  | {} reward {} solved {} length {} entropy {} KL {} |grad| {}",
                          policy.policy, value_text(policy.reward, 3), percent_text(policy.success),
                          value_text(policy.response_length, 1), value_text(policy.entropy, 3),
                          value_text(policy.kl, 4), value_text(policy.gradient_norm, 3));
    }
  }
  if (!report.exact.empty()) line += "  | " + exact_text(report.exact);
  const std::string stale = staleness_text(report);
  if (!stale.empty()) line += "  | " + stale;
  if (report.generate_tokens_per_second > 0) {
    line += fmt::format("  | {} tok/s", count_text(report.generate_tokens_per_second));
  }
  return line;
}

std::string staleness_text(const StepReport& report) {
  double most = 0;
  std::vector<std::int64_t> bins;
  for (const PolicyStep& policy : report.policies) {
    most = std::max(most, policy.staleness);
    bins.resize(std::max(bins.size(), policy.staleness_tokens.size()));
    for (std::size_t age = 0; age < policy.staleness_tokens.size(); ++age) {
      bins[age] += policy.staleness_tokens[age];
    }
  }
  if (most <= 0) return "";
  return fmt::format("staleness {} (at most {:.0f})", value_text(mean_staleness(bins), 2), most);
}

std::string states_text(const StateSeconds& seconds) {
  const StateSeconds by_name = shares(seconds);
  std::vector<std::pair<std::string, double>> sorted(by_name.begin(), by_name.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out;
  for (const auto& [state, share] : sorted) {
    if (share < 0.005) break;
    out += fmt::format("{}{} {:.0f}%", out.empty() ? "time: " : ", ", state, 100 * share);
  }
  return out;
}

std::vector<std::string> finish_lines(const FinalReport& report) {
  std::string line = fmt::format("{} after {} steps in {}", report.status, report.steps,
                                 duration_text(report.seconds));
  if (report.final.episodes > 0) {
    line += "; success ";
    if (report.warm_start.episodes > 0) line += percent_text(report.warm_start.success) + " -> ";
    line += fmt::format("{} on {} held-out episodes", percent_text(report.final.success),
                        report.final.episodes);
  }
  std::vector<std::string> lines = {line};
  if (!report.final.exact.empty()) lines.push_back("exact: " + exact_text(report.final.exact));
  if (!report.message.empty()) lines.push_back(report.message);
  if (!report.report_path.empty()) lines.push_back("report: " + report.report_path);
  return lines;
}

}  // namespace troupe
