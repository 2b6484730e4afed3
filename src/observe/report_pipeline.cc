#include "observe/report_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "observe/markdown.h"
#include "observe/pipeline_format.h"
#include "observe/progress_text.h"
#include "orchestrate/step_stages.h"

namespace troupe {
namespace {

constexpr int kBarColumns = 30;

struct StageMean {
  std::int64_t steps = 0;
  double began = 0, lasted = 0;  ///< seconds, summed
};

struct PolicyStages {
  std::array<StageMean, kStepStages.size()> stages;
  double seconds = 0;  ///< of the steps
  std::int64_t steps = 0;
};

/// The entry of `name`, added behind the others if it is new.
template <class T>
T& entry_of(std::vector<std::pair<std::string, T>>& all, const std::string& name) {
  for (auto& [key, value] : all) {
    if (key == name) return value;
  }
  return all.emplace_back(name, T()).second;
}

std::string share_text(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return "-";
  return fmt::format("{:.1f}%", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace

std::string stages_table(const std::vector<StepReport>& steps) {
  std::vector<std::pair<std::string, PolicyStages>> policies;
  for (const StepReport& report : steps) {
    if (report.phase == "warm_start") continue;
    for (const PolicyStep& policy : report.policies) {
      PolicyStages& sums = entry_of(policies, policy.policy);
      ++sums.steps;
      sums.seconds += report.seconds;
      for (std::size_t i = 0; i < kStepStages.size(); ++i) {
        const StageSpan& span = policy.stages.*kStepStages[i].span;
        if (!took_place(span)) continue;
        ++sums.stages[i].steps;
        sums.stages[i].began += static_cast<double>(span.begin - report.began) / 1e9;
        sums.stages[i].lasted += static_cast<double>(span.end - span.begin) / 1e9;
      }
    }
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, sums] : policies) {
    const double step_seconds = sums.seconds / static_cast<double>(sums.steps);
    std::string label = markdown_text(name);
    for (std::size_t i = 0; i < kStepStages.size(); ++i) {
      const StageMean& stage = sums.stages[i];
      if (stage.steps == 0) continue;
      const auto n = static_cast<double>(stage.steps);
      rows.push_back({std::exchange(label, ""), kStepStages[i].name,
                      fmt::format("{:.4f}", stage.began / n),
                      fmt::format("{:.4f}", stage.lasted / n),
                      fmt::format("{:.1f}%", 100 * stage.lasted / n / step_seconds)});
    }
  }
  if (rows.empty()) return "";
  return markdown_table({"policy", "stage", "begins (s)", "lasts (s)", "of a step"}, rows, 2) +
         "\n";
}

std::string staleness_table(const std::vector<StepReport>& steps) {
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> policies;
  for (const StepReport& report : steps) {
    if (report.phase == "warm_start") continue;
    for (const PolicyStep& policy : report.policies) {
      auto& bins = entry_of(policies, policy.policy);
      bins.resize(std::max(bins.size(), policy.staleness_tokens.size()));
      for (std::size_t age = 0; age < policy.staleness_tokens.size(); ++age) {
        bins[age] += policy.staleness_tokens[age];
      }
    }
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, bins] : policies) {
    std::int64_t total = 0;
    for (const std::int64_t tokens : bins) total += tokens;
    if (total == 0) continue;
    std::string label = fmt::format("{} (mean {:.3g})", markdown_text(name), mean_staleness(bins));
    for (std::size_t age = 0; age < bins.size(); ++age) {
      const double share = static_cast<double>(bins[age]) / static_cast<double>(total);
      const auto bar = static_cast<std::size_t>(std::lround(kBarColumns * share));
      rows.push_back({std::exchange(label, ""), std::string(bar, '='), std::to_string(age),
                      grouped_text(bins[age]), share_text(bins[age], total)});
    }
  }
  if (rows.empty()) return "";
  return markdown_table({"policy", "", "versions behind", "tokens trained on", "share"}, rows, 2) +
         "\n";
}

std::string tokens_table(const std::vector<StepReport>& steps) {
  std::int64_t sampled = 0;
  std::int64_t trained = 0;
  std::int64_t skipped = 0;
  FlowCounts flow;
  for (const StepReport& report : steps) {
    if (report.phase == "warm_start") continue;
    sampled += report.tokens_sampled;
    for (const FlowField& field : flow_fields()) flow.*field.value += report.flow.*field.value;
    for (const auto& [name, episodes] : report.flow.limits) flow.limits[name] += episodes;
    for (const PolicyStep& policy : report.policies) {
      (policy.skipped ? skipped : trained) += policy.tokens_generated;
    }
  }
  if (sampled == 0) return "";
  const std::int64_t rest = sampled - trained - skipped - flow.filtered_tokens -
                            flow.put_off_tokens - flow.spare_tokens - flow.failed_tokens;
  // A run that was killed trains again on what its journal has; the lines that counted the sampling
  // of it are gone.
  const std::int64_t before = std::max<std::int64_t>(-rest, 0);
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const std::string& what, std::int64_t tokens) {
    if (tokens > 0) {
      rows.push_back({what, grouped_text(tokens), share_text(tokens, sampled + before)});
    }
  };
  add("sampled for training", sampled + before);
  add("of these by a process that was stopped", before);
  add("trained on", trained);
  add("in steps that were skipped", skipped);
  add("in filtered groups: no gradient", flow.filtered_tokens);
  add("in groups that were put off", flow.put_off_tokens);
  add("in spare episodes", flow.spare_tokens);
  add("in groups that failed", flow.failed_tokens);
  add("not used: interrupted, tried again, or left over at the end", rest);
  std::string out = markdown_table({"tokens", "number", "share"}, rows, 1) + "\n";
  if (flow.resumed_answers > 0) {
    out += fmt::format("{} answers were interrupted by new weights and gone on with.\n\n",
                       grouped_text(flow.resumed_answers));
  }
  if (flow.retried_episodes > 0) {
    out += fmt::format("Episodes were played again {} times after failures outside the agents.\n\n",
                       grouped_text(flow.retried_episodes));
  }
  for (const auto& [name, episodes] : flow.limits) {
    out += fmt::format("{} episodes ended at the limit {} that an agent ran into.\n\n",
                       grouped_text(episodes), name);
  }
  return out;
}

std::string swaps_table(const std::vector<StepReport>& steps) {
  NamedNumbers total;
  for (const StepReport& step : steps) {
    for (const auto& [key, value] : step.swaps) total[key] += value;
  }
  if (total.empty()) return "";
  constexpr double kMegabyte = 1 << 20;
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"states brought to a slot", grouped_text(std::llround(total["count"]))});
  rows.push_back({"MiB brought in", fmt::format("{:.1f}", total["bytes_in"] / kMegabyte)});
  rows.push_back({"MiB put away", fmt::format("{:.1f}", total["bytes_out"] / kMegabyte)});
  rows.push_back({"MiB read from disk", fmt::format("{:.1f}", total["disk_read"] / kMegabyte)});
  rows.push_back({"MiB written to disk", fmt::format("{:.1f}", total["disk_written"] / kMegabyte)});
  rows.push_back(
      {"seconds hidden behind computation", fmt::format("{:.2f}", total["seconds_hidden"])});
  rows.push_back({"seconds not hidden", fmt::format("{:.2f}", total["seconds_shown"])});
  return markdown_table({"swaps of training states", "number"}, rows, 1) + "\n";
}

std::string instances_table(const std::vector<StepReport>& steps) {
  if (steps.empty() || steps.back().instances.empty()) return "";
  static const std::pair<const char*, const char*> kRows[] = {
      {"requests", "requests sent to an instance"},
      {"waited", "requests that no instance had room for at once"},
      {"migrated", "sessions that went on at another instance"},
      {"prefilled_again", "tokens of context that were computed again for them"},
      {"evicted", "caches given up for other sessions"},
      {"moves", "instances that moved to another policy"},
      {"lost", "instances lost"},
      {"restarted", "instances started in their place"},
      {"repeated", "requests sent again after a failure"},
      {"stray_replies", "replies that came late or twice, and were dropped"}};
  const NamedNumbers& numbers = steps.back().instances;
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, what] : kRows) {
    const auto found = numbers.find(key);
    if (found == numbers.end() || !(found->second > 0)) continue;
    rows.push_back({what, grouped_text(std::llround(found->second))});
  }
  std::string out = markdown_table({"rollout instances", "number"}, rows, 1) + "\n";
  const std::string error = "length_log_error.";
  for (const auto& [key, value] : numbers) {
    if (!key.starts_with(error)) continue;
    const std::string policy = key.substr(error.size());
    const auto bias = numbers.find("length_bias." + policy);
    out += fmt::format(
        "Predicted lengths of {} were off by a factor of {:.2f} on average, and {:.2f} times what "
        "was "
        "needed in sum.\n\n",
        markdown_text(policy), std::exp(value), bias == numbers.end() ? 0.0 : bias->second);
  }
  return out;
}

std::string published_table(const std::vector<StepReport>& steps) {
  static const std::vector<std::string> kKeys = {"changed_share", "payload_bytes", "full_bytes",
                                                 "seconds"};
  std::vector<std::pair<std::string, std::vector<std::pair<double, std::int64_t>>>> sums;
  for (const StepReport& report : steps) {
    for (const PolicyStep& policy : report.policies) {
      // The first version has none before it.
      if (!policy.published.contains("changed_share")) continue;
      auto& sum = entry_of(sums, policy.policy);
      sum.resize(kKeys.size());
      for (std::size_t k = 0; k < kKeys.size(); ++k) {
        const auto found = policy.published.find(kKeys[k]);
        if (found == policy.published.end() || !std::isfinite(found->second)) continue;
        sum[k].first += found->second;
        ++sum[k].second;
      }
    }
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [policy, sum] : sums) {
    std::vector<double> mean;
    for (const auto& [total, count] : sum) {
      mean.push_back(total / static_cast<double>(std::max<std::int64_t>(count, 1)));
    }
    rows.push_back({markdown_text(policy), fmt::format("{:.3g}%", 100 * mean[0]),
                    grouped_text(std::llround(mean[1])), grouped_text(std::llround(mean[2])),
                    fmt::format("{:.1f}", mean[2] / std::max(mean[1], 1.0)),
                    fmt::format("{:.3f}", mean[3])});
  }
  if (rows.empty()) return "";
  return markdown_table({"policy", "values changed", "bytes of the changes", "bytes of all values",
                         "times smaller", "seconds"},
                        rows, 1) +
         "\n";
}

std::string longest_wait(const std::vector<std::pair<std::string, StateSeconds>>& workers) {
  StateSeconds waits;
  double total = 0;
  for (const auto& [worker, states] : workers) {
    if (!worker.starts_with("worker")) continue;
    for (const auto& [state, seconds] : states) {
      total += seconds;
      if (state.starts_with("wait: ")) waits[state.substr(6)] += seconds;
    }
  }
  const auto most = std::max_element(
      waits.begin(), waits.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == waits.end() || most->second <= 0) return "";
  return fmt::format("The workers waited most for **{}**: {:.2f} s, {:.1f}% of their time.",
                     markdown_text(most->first), most->second, 100 * most->second / total);
}

}  // namespace troupe
