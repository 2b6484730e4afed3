#include "experience/curation/task_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "base/bytes.h"

namespace troupe {
namespace {

constexpr std::uint32_t kFormat = 1;

/// True if `a` is the better one to keep.
bool better(const PastSuccess& a, const PastSuccess& b) {
  return std::tie(a.reward, a.key, b.member) > std::tie(b.reward, b.key, a.member);
}

void write(ByteWriter& out, const TaskRecord& record) {
  out.number(record.attempts).number(record.successes);
  out.number(record.recent_attempts).number(record.recent_successes).number(record.last_step);
  out.number(static_cast<std::uint8_t>(record.best.has_value()));
  if (!record.best) return;
  const PastSuccess& best = *record.best;
  out.text(best.sample_id).number(best.key.step).number(best.key.index);
  out.number(static_cast<std::int32_t>(best.member)).number(best.reward);
}

bool sound(const TaskRecord& r) {
  return r.successes >= 0 && r.attempts >= r.successes && r.recent_successes >= 0 &&
         r.recent_attempts >= r.recent_successes && std::isfinite(r.recent_attempts);
}

/// None if it cannot be what write() gives; bytes that are missing are for the caller to notice.
std::optional<TaskRecord> read(ByteReader& in) {
  TaskRecord record;
  record.attempts = in.number<std::int64_t>();
  record.successes = in.number<std::int64_t>();
  record.recent_attempts = in.number<double>();
  record.recent_successes = in.number<double>();
  record.last_step = in.number<std::int64_t>();
  const auto has_best = in.number<std::uint8_t>();
  if (has_best > 1 || !sound(record)) return std::nullopt;
  if (has_best == 0) return record;
  PastSuccess best;
  best.sample_id = in.text();
  best.key.step = in.number<std::int64_t>();
  best.key.index = in.number<std::int64_t>();
  best.member = in.number<std::int32_t>();
  best.reward = in.number<double>();
  record.best = best;
  return record;
}

}  // namespace

TaskOutcome outcome_of(const Group& group) {
  TaskOutcome out;
  out.key = group.key;
  out.task = group.task;
  std::map<int, bool> members;
  for (const Trajectory& row : group.rows) {
    const bool first = members.try_emplace(row.member, row.success).second;
    if (!first || !row.success) continue;
    const PastSuccess success{row.sample_id, group.key, row.member, row.reward};
    if (!out.best || better(success, *out.best)) out.best = success;
  }
  out.attempts = static_cast<std::int64_t>(members.size());
  for (const auto& [member, success] : members) out.successes += success ? 1 : 0;
  return out;
}

void TaskHistory::fold(std::vector<TaskOutcome> outcomes) {
  std::sort(outcomes.begin(), outcomes.end(),
            [](const TaskOutcome& a, const TaskOutcome& b) { return a.key < b.key; });
  for (TaskOutcome& outcome : outcomes) {
    if (outcome.attempts == 0) continue;
    TaskRecord& record = records_[outcome.task];
    record.attempts += outcome.attempts;
    record.successes += outcome.successes;
    record.recent_attempts =
        settings_.memory * record.recent_attempts + static_cast<double>(outcome.attempts);
    record.recent_successes =
        settings_.memory * record.recent_successes + static_cast<double>(outcome.successes);
    record.last_step = std::max(record.last_step, outcome.key.step);
    if (outcome.best && (!record.best || better(*outcome.best, *record.best))) {
      record.best = std::move(outcome.best);
    }
  }
  forget();
}

void TaskHistory::forget() {
  const std::size_t most = std::max<std::size_t>(settings_.most_tasks, 1);
  if (records_.size() <= most) return;
  using Age = std::pair<std::int64_t, decltype(records_)::iterator>;
  std::vector<Age> ages;
  for (auto at = records_.begin(); at != records_.end(); ++at) {
    ages.emplace_back(at->second.last_step, at);
  }
  std::stable_sort(ages.begin(), ages.end(),
                   [](const Age& a, const Age& b) { return a.first < b.first; });
  ages.resize(records_.size() - most);
  for (const Age& age : ages) records_.erase(age.second);
}

double TaskHistory::success_rate(std::string_view task) const {
  const TaskRecord* record = find(task);
  if (record == nullptr) return 0.5;
  return (record->recent_successes + 1) / (record->recent_attempts + 2);
}

const TaskRecord* TaskHistory::find(std::string_view task) const {
  const auto found = records_.find(task);
  return found == records_.end() ? nullptr : &found->second;
}

std::string TaskHistory::to_bytes() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.number(kFormat).number(static_cast<std::uint64_t>(records_.size()));
  for (const auto& [task, record] : records_) {
    out.text(task);
    write(out, record);
  }
  return bytes;
}

Result<TaskHistory> TaskHistory::from_bytes(std::string_view bytes, TaskHistorySettings settings) {
  ByteReader in(bytes);
  const auto format = in.number<std::uint32_t>();
  const auto count = in.number<std::uint64_t>();
  if (!in.ok()) return fail(ErrorCode::kInvalid, "task history: cut off at its beginning");
  if (format != kFormat) {
    return fail(ErrorCode::kInvalid,
                fmt::format("task history: format {}, this program reads {}", format, kFormat));
  }
  TaskHistory history(settings);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    std::string task(in.text());
    std::optional<TaskRecord> record = read(in);
    if (!in.ok()) break;
    const bool in_order = history.records_.empty() || history.records_.rbegin()->first < task;
    if (!in_order || !record) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("task history: entry {} of {} is damaged", i, count));
    }
    history.records_.emplace_hint(history.records_.end(), std::move(task), std::move(*record));
  }
  if (!in.ok() || in.left() != 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("task history: {} after entry {} of {}",
                            in.ok() ? "more bytes" : "cut off", history.records_.size(), count));
  }
  return history;
}

}  // namespace troupe
