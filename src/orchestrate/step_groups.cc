#include "orchestrate/step_groups.h"

#include <algorithm>

#include "base/rng.h"
#include "experience/curation/zero_variance.h"
#include "orchestrate/task_order.h"
#include "train/advantage.h"

namespace troupe {
namespace {

Result<Task> task_of(const StepSetting& setting, std::int64_t place) {
  const auto n = static_cast<std::uint64_t>(place);
  return setting.spec.task(Split::kTrain,
                           task_at(setting.spec.size(Split::kTrain), setting.seed, n));
}

}  // namespace

StepGroups::StepGroups(const StepSetting& setting, std::int64_t step)
    : setting_(setting),
      step_(step),
      gate_(setting.executor),
      episodes_{setting.executor,
                setting.spec,
                setting.agents,
                follow_environment,
                static_cast<int>(setting.retries),
                setting.turn_wait} {}

/// A function of the history and the step, so that a restart in its middle chooses the same.
Status StepGroups::choose_places() {
  if (setting_.history == nullptr) return {};
  const std::int64_t window = setting_.task_window * setting_.groups;
  const std::int64_t first = step_ * window;
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i < window; ++i) {
    TROUPE_ASSIGN(const Task task, task_of(setting_, first + i));
    ids.push_back(task.id);
  }
  const std::uint64_t seed =
      seed_join(seed_join(setting_.seed, "difficulty"), static_cast<std::uint64_t>(step_));
  for (const std::size_t i :
       choose_tasks(setting_.difficulty, ids, static_cast<std::size_t>(setting_.groups),
                    *setting_.history, seed)) {
    places_.push_back(first + static_cast<std::int64_t>(i));
  }
  return {};
}

void StepGroups::begin() {
  note(choose_places());
  // What a restart found of this step comes first: its groups keep their tasks.
  const auto& known = setting_.store.table(0).entries();
  GroupKey key;
  key.step = step_;
  for (auto it = known.lower_bound(key); it != known.end() && it->first.step == step_; ++it) {
    ++admitted_;
    if (it->second.state == GroupState::kFiltered) ++filtered_;
    if (it->second.state == GroupState::kFailed) ++failed_;
  }
  for (key.index = 0; key.index < admitted_; ++key.index) {
    const TableEntry* entry = setting_.store.table(0).find(key);
    if (entry == nullptr || !pending(entry->state)) continue;
    spawn(play(key, Gate::Pass(gate_)));
  }
  admit_due();
}

void StepGroups::admit_due() {
  GroupKey key;
  key.step = step_;
  while (error_ && admitted_ < refill_launches(setting_.refill, filtered_)) {
    key.index = admitted_++;
    note(admit(key));
    if (error_) spawn(play(key, Gate::Pass(gate_)));
  }
}

Status StepGroups::admit(GroupKey key) {
  ExperienceStore& store = setting_.store;
  const std::int64_t place =
      places_.empty() ? store.state().next_place() : places_[static_cast<std::size_t>(key.index)];
  TROUPE_ASSIGN(const Task task, task_of(setting_, place));
  std::vector<std::uint64_t> bytes;
  std::vector<std::int64_t> versions;
  for (const PolicyLane& lane : setting_.lanes) {
    bytes.push_back(lane.group_bytes);
    versions.push_back(lane.train->version().number);
  }
  return store.reserve(key, place, task.id, std::move(bytes), std::move(versions));
}

Async<void> StepGroups::play(GroupKey key, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  const Status status = co_await play_group(key);
  if (status) co_return;
  const bool lost = is_infrastructure(status.error().code);
  // The trainers must not wait for it.
  const Status ended =
      setting_.store.end(key, GroupState::kFailed, lost ? "infrastructure" : "error");
  if (lost) {
    ++failed_;
    last_failure_ = status.error().message;
    note(ended);
  } else {
    note(status);
  }
}

/// Plays one group, from its task to its tables.
Async<Status> StepGroups::play_group(GroupKey key) {
  ExperienceStore& store = setting_.store;
  const TableEntry& entry = *store.table(0).find(key);
  const auto place = static_cast<std::uint64_t>(entry.place);
  auto task = task_of(setting_, entry.place);
  if (!task) co_return tl::unexpected(task.error());
  if (entry.state == GroupState::kReserved) {
    Status started = store.start(key);
    if (!started) co_return started;
  }
  std::vector<int> missing;
  for (int member = 0; member < setting_.group_size; ++member) {
    if (!entry.has_member(member)) missing.push_back(member);
  }
  kept_episodes_ += setting_.group_size - static_cast<std::int64_t>(missing.size());
  const EpisodeSink keep = [this, key, &task](int member, EpisodeRecord record) {
    if (member == 0 && setting_.on_episode) setting_.on_episode(*task, record);
    return setting_.store.add_episode(key, member, record.trajectories);
  };
  const std::uint64_t seed = seed_join(seed_join(setting_.seed, "rollout"), place);
  Status played = co_await play_members(episodes_, *task, std::to_string(place), std::move(missing),
                                        seed, keep);
  if (!played) co_return played;
  co_return close(key);
}

/// Why a group should be replaced: no policy learns from it.
std::optional<std::string> StepGroups::refused(GroupKey key) const {
  std::optional<std::string> out;
  for (std::size_t i = 0; i < setting_.lanes.size(); ++i) {
    const auto& rows = setting_.store.table(static_cast<int>(i)).find(key)->rows;
    if (rows.empty()) continue;
    out = zero_variance(scores(rows));
    if (!out) return std::nullopt;
  }
  return out;
}

Status StepGroups::close(GroupKey key) {
  ExperienceStore& store = setting_.store;
  if (setting_.refill.limit > 1) {
    if (const auto reason = refused(key)) {
      ++filtered_;
      TROUPE_TRY(store.end(key, GroupState::kFiltered, *reason));
      admit_due();
      return {};
    }
  }
  for (std::size_t i = 0; i < setting_.lanes.size(); ++i) {
    ColumnRecord column;
    column.key = key;
    column.policy = static_cast<std::uint16_t>(i);
    column.column = Column::kAdvantage;
    const auto& rows = store.table(static_cast<int>(i)).find(key)->rows;
    column.values = group_advantages(scores(rows), setting_.lanes[i].normalize_std);
    if (!column.values.empty()) TROUPE_TRY(store.fill(std::move(column)));
  }
  return store.close(key);
}

}  // namespace troupe
