#include "observe/tensorboard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "observe/metrics_format.h"
#include "observe/pipeline_format.h"
#include "observe/policy_metrics.h"
#include "orchestrate/step_stages.h"

namespace troupe {
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";

/// TensorBoard groups tags at '/', so a name must not hold one.
std::string tag_part(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.';
    if (plain) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != '_') {
      out.push_back('_');
    }
  }
  return out;
}

void add(EventBuilder& event, const std::string& tag, double value) {
  if (std::isfinite(value)) event.scalar(tag, value);
}

}  // namespace

Status EventFile::open(double unix_time) {
  TROUPE_TRY(disk_.make_folders(folder_));
  TROUPE_ASSIGN(const std::vector<std::string> names, disk_.list(folder_));
  auto seconds = static_cast<long long>(std::max(unix_time, 0.0));
  for (const std::string& name : names) {
    if (name.rfind(kPrefix, 0) != 0) continue;
    seconds = std::max(seconds, std::atoll(name.c_str() + kPrefix.size()) + 1);
  }
  const std::string path = fmt::format("{}/{}{:010}.troupe", folder_, kPrefix, seconds);
  std::string bytes = tf_record(EventBuilder(unix_time, 0).file_version("brain.Event:2").bytes());
  if (first_step_ > 0) {
    bytes += tf_record(EventBuilder(unix_time, first_step_).session_start().bytes());
  }
  TROUPE_TRY(disk_.write(path, bytes, false));
  path_ = path;
  return {};
}

Status EventFile::write(const EventBuilder& event, double unix_time) {
  if (path_.empty()) TROUPE_TRY(open(unix_time));
  return disk_.append(path_, tf_record(event.bytes()));
}

TensorBoard::TensorBoard(Disk& disk, Complaints& complaints, std::function<double()> unix_time)
    : disk_(disk), complaints_(complaints), unix_time_(std::move(unix_time)) {}

void TensorBoard::on_start(const RunInfo& info) {
  const std::string folder = info.folder + "/tensorboard";
  if (!info.resumed || info.start_step == 0) complaints_.check(disk_.remove(folder));
  rl_ = std::make_unique<EventFile>(disk_, folder, info.resumed ? info.start_step + 1 : 0);
  warm_start_ = std::make_unique<EventFile>(disk_, folder + "/warm_start", 0);
}

void TensorBoard::on_step(const StepReport& report) {
  EventBuilder event(now(), report.step);
  for (const PolicyStep& policy : report.policies) {
    const std::string prefix = tag_part(policy.policy) + "/";
    for (const PolicyMetric& metric : policy_metrics()) {
      add(event, prefix + metric.name, metric.get(policy));
    }
    add(event, prefix + "staleness_mean", mean_staleness(policy.staleness_tokens));
    for (const StageField& stage : kStepStages) {
      const StageSpan& span = policy.stages.*stage.span;
      if (!took_place(span)) continue;
      add(event, prefix + stage.name + "_seconds",
          static_cast<double>(span.end - span.begin) / 1e9);
    }
  }
  if (report.phase != "warm_start") {
    for (const FlowField& field : flow_fields()) {
      add(event, std::string("flow/") + field.name, static_cast<double>(report.flow.*field.value));
    }
    add(event, "flow/tokens_sampled", static_cast<double>(report.tokens_sampled));
  }
  for (const auto& [name, value] : report.exact) add(event, "exact/" + tag_part(name), value);
  add(event, "speed/seconds_per_step", report.seconds);
  add(event, "speed/generate_tokens_per_second", report.generate_tokens_per_second);
  add(event, "speed/train_tokens_per_second", report.train_tokens_per_second);
  for (const auto& [state, share] : shares(report.states)) {
    add(event, "time/" + tag_part(state), share);
  }
  write(report.phase == "warm_start" ? warm_start_.get() : rl_.get(), event);
}

void TensorBoard::on_eval(const EvalReport& report) {
  EventBuilder event(now(), report.step);
  add(event, "eval/success", report.success);
  add(event, "eval/reward", report.reward);
  add(event, "eval/response_length", report.response_length);
  if (report.agent_rewards.size() > 1) {
    for (const auto& [agent, reward] : report.agent_rewards) {
      add(event, "eval/reward_" + tag_part(agent), reward);
    }
  }
  write(rl_.get(), event);
}

void TensorBoard::write(EventFile* file, const EventBuilder& event) {
  if (file != nullptr && event.has_scalars()) complaints_.check(file->write(event, now()));
}

}  // namespace troupe
