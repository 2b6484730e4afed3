#include <algorithm>

#include "base/rng.h"
#include "experience/curation/zero_variance.h"
#include "orchestrate/rollout_flow.h"
#include "orchestrate/trace_run.h"
#include "train/advantage/advantage.h"

// How a group that was let in is played: its episodes, its end.

namespace troupe {

void RolloutFlow::start(GroupKey key) {
  auto group = std::make_shared<Playing>();
  group->key = key;
  group->place = setting_.store.table(0).find(key)->place;
  group->agents = pinned_agents(key);
  group->cancel = std::make_shared<Cancel>();
  group->began = setting_.executor.now();
  playing_[key] = group;
  trace_in_flight(setting_, playing_.size());
  Round& now = round(key.step);
  if (now.span.begin < 0) now.span.begin = setting_.executor.now();
  ++now.playing;
  spawn(play(std::move(group), Gate::Pass(gate_)));
}

Async<void> RolloutFlow::play(std::shared_ptr<Playing> group, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  const Status status = co_await play_group(*group);
  if (!group->ended) leave(*group, status);
}

/// Ends a group for its step: it is complete, or will not be. What is still being played of it,
/// spare episodes behind slow tools, keeps nobody waiting.
void RolloutFlow::leave(Playing& group, const Status& status) {
  const std::int64_t step = group.key.step;
  group.ended = true;
  playing_.erase(group.key);
  Round& now = round(step);
  --now.playing;
  now.span.end = setting_.executor.now();
  if (!status) end(group, status);
  count_tokens(group);
  trace_group(setting_, group.key, group.began);
  trace_in_flight(setting_, playing_.size());
  if (now.closed >= setting_.groups) finish_round(step);
  pump();
  moved_.notify_all();
}

/// A group that will not be trained on.
void RolloutFlow::end(Playing& group, const Status& status) {
  FlowCounts& counts = round(group.key.step).counts;
  const ErrorCode code = status.error().code;
  if (code == ErrorCode::kCancelled && cancelled_) return;  // the run ends; a resume goes on
  const bool lost = is_infrastructure(code);
  // The trainers must not wait for it.
  const Status ended =
      setting_.store.end(group.key, GroupState::kFailed, lost ? "infrastructure" : "error");
  if (lost) {
    ++counts.failed_groups;
    last_failure_ = status.error().message;
    note(ended);
  } else {
    note(status);
  }
}

/// What a group that ended without use had sampled.
void RolloutFlow::count_tokens(const Playing& group) {
  FlowCounts& counts = round(group.key.step).counts;
  const TableEntry* entry = setting_.store.table(0).find(group.key);
  if (entry == nullptr) return;
  if (entry->state == GroupState::kFailed) counts.failed_tokens += group.tokens;
  if (entry->state == GroupState::kFiltered) counts.filtered_tokens += group.tokens;
  if (entry->state == GroupState::kExpired) counts.put_off_tokens += group.tokens;
}

/// The step has its batch: whatever else is being played for it is put off.
void RolloutFlow::finish_round(std::int64_t step) {
  for (auto at = playing_.begin(); at != playing_.end();) {
    const std::shared_ptr<Playing> group = at->second;
    if (group->key.step != step) {
      ++at;
      continue;
    }
    at = playing_.erase(at);
    put_off(*group);
  }
}

/// Ends a group at once: its step, and a checkpoint, need not wait until its episodes have noticed.
void RolloutFlow::put_off(Playing& group) {
  Round& now = round(group.key.step);
  --now.playing;
  ++now.counts.put_off_groups;
  queue_.push_back(group.place);
  group.ended = group.put_off = true;
  note(setting_.store.end(group.key, GroupState::kExpired, "put off"));
  count_tokens(group);
  trace_group(setting_, group.key, group.began);
  group.cancel->request();
}

/// Plays one group, from its task to its tables.
Async<Status> RolloutFlow::play_group(Playing& group) {
  ExperienceStore& store = setting_.store;
  const GroupKey key = group.key;
  auto task = task_of(group.place);
  if (!task) co_return tl::unexpected(task.error());
  const std::uint64_t seed =
      seed_join(seed_join(setting_.seed, "rollout"), static_cast<std::uint64_t>(group.place));
  if (setting_.opponents != nullptr) {
    Status seated = setting_.opponents->seat(group.agents, versions_made(key), seed);
    if (!seated) co_return seated;
  }
  const TableEntry& entry = *store.table(0).find(key);
  if (entry.state == GroupState::kReserved) {
    Status started = store.start(key);
    if (!started) co_return started;
  }
  std::vector<int> missing;
  for (int member = 0; member < round(key.step).plan.members; ++member) {
    if (!entry.has_member(member)) missing.push_back(member);
  }
  group.kept = static_cast<std::int64_t>(entry.members.size());
  *group.lacks = static_cast<int>(setting_.group_size - group.kept);
  round(key.step).counts.kept_episodes += group.kept;
  const EpisodeSetting episodes{setting_.executor,
                                setting_.spec,
                                group.agents,
                                setting_.workflow,
                                static_cast<int>(setting_.retries),
                                setting_.turn_wait,
                                group.cancel,
                                setting_.reward,
                                setting_.credit,
                                setting_.concurrency,
                                group.lacks};
  if (group.kept < setting_.group_size) {
    const EpisodeSink sink = [this, &group, &task](int member, EpisodeRecord record) {
      return keep(group, *task, member, std::move(record));
    };
    Status played = co_await play_members(episodes, *task, std::to_string(group.place),
                                          std::move(missing), seed, sink);
    co_return played;
  }
  co_return close(key);
}

/// An episode of a group has ended. With the last that the group needs, the spare ones are ended.
Status RolloutFlow::keep(Playing& group, const Task& task, int member, EpisodeRecord record) {
  std::int64_t tokens = 0;
  for (const Trajectory& row : record.trajectories) tokens += row.sampled_tokens();
  const auto found = rounds_.find(group.key.step);
  if (found != rounds_.end()) {
    FlowCounts& counts = found->second.counts;
    counts.resumed_answers += record.resumed;
    counts.retried_episodes += record.attempts - 1;
    if (!record.outcome.limit.empty()) ++counts.limits[record.outcome.limit];
    if (record.reward_began > 0) {
      StageSpan& span = found->second.reward;
      span.begin = span.begin < 0 ? record.reward_began : std::min(span.begin, record.reward_began);
      span.end = std::max(span.end, record.reward_ended);
    }
    if (group.put_off) {
      counts.put_off_tokens += tokens;
    } else if (group.ended) {
      ++counts.spare_episodes;
      counts.spare_tokens += tokens;
    }
  }
  if (group.ended) return {};
  group.tokens += tokens;
  if (group.kept == 0 && setting_.on_episode) setting_.on_episode(task, record);
  for (const PolicyLane& lane : setting_.lanes) {
    for (Trajectory& row : record.trajectories) {
      if (std::find(lane.agents.begin(), lane.agents.end(), row.agent) == lane.agents.end())
        continue;
      row.reward += overlong_penalty(lane.overlong, row);
    }
  }
  TROUPE_TRY(setting_.store.add_episode(group.key, member, record.trajectories));
  *group.lacks = static_cast<int>(setting_.group_size - ++group.kept);
  if (*group.lacks > 0) return {};
  group.cancel->request();
  leave(group, close(group.key));
  return {};
}

/// Why a group should be replaced: no policy learns from it.
std::optional<std::string> RolloutFlow::refused(GroupKey key) const {
  std::optional<std::string> out;
  for (std::size_t i = 0; i < setting_.lanes.size(); ++i) {
    const auto& rows = setting_.store.table(static_cast<int>(i)).find(key)->rows;
    if (rows.empty()) continue;
    out = zero_variance(scores(rows));
    if (!out) return std::nullopt;
  }
  return out;
}

Status RolloutFlow::close(GroupKey key) {
  ExperienceStore& store = setting_.store;
  Round& now = round(key.step);
  if (setting_.refill.limit > 1) {
    if (const auto reason = refused(key)) {
      ++now.counts.filtered_groups;
      return store.end(key, GroupState::kFiltered, *reason);
    }
  }
  for (std::size_t i = 0; i < setting_.lanes.size(); ++i) {
    ColumnRecord column;
    column.key = key;
    column.policy = static_cast<std::uint16_t>(i);
    column.column = Column::kAdvantage;
    const auto& rows = store.table(static_cast<int>(i)).find(key)->rows;
    column.values = group_advantages(setting_.lanes[i].advantage, scores(rows));
    if (!column.values.empty()) TROUPE_TRY(store.fill(std::move(column)));
  }
  ++now.closed;
  return store.close(key);
}

}  // namespace troupe
