#include "orchestrate/rollout_flow.h"

#include <algorithm>
#include <utility>

#include "base/rng.h"
#include "orchestrate/task_order.h"

namespace troupe {
RolloutFlow::RolloutFlow(const PipelineSetting& setting, std::int64_t first_step,
                         std::deque<std::int64_t> queue)
    : setting_(setting),
      step_(first_step),
      queue_(std::move(queue)),
      gate_(setting.executor),
      moved_(setting.executor),
      pins_(setting.lanes.size()) {}

Result<Task> RolloutFlow::task_of(std::int64_t place) const {
  const auto n = static_cast<std::uint64_t>(place);
  return setting_.spec.task(Split::kTrain,
                            task_at(setting_.spec.size(Split::kTrain), setting_.seed, n));
}

void RolloutFlow::note(const Status& status) {
  if (status || !error_) return;
  error_ = status;
  moved_.notify_all();
}

Async<bool> RolloutFlow::changed(Wait wait) {
  const bool notified = co_await moved_.wait(wait);
  co_return notified;
}

void RolloutFlow::stepped(int policy) {
  const auto i = static_cast<std::size_t>(policy);
  if (pins_[i].empty()) ++begun_;
  pins_[i][setting_.store.table(policy).steps()] = setting_.lanes[i].rollout->weights();
  if (setting_.opponents != nullptr) {
    const PolicyLane& lane = setting_.lanes[i];
    setting_.opponents->add(lane.policy, setting_.store.table(policy).steps(),
                            lane.rollout->weights());
  }
  if (begun_ == pins_.size()) {
    take_up_overtaken();
    pump();
  }
  moved_.notify_all();
}

/// Groups from before a restart that are not complete, though the step that they were admitted for
/// has been taken: with others that were complete sooner.
void RolloutFlow::take_up_overtaken() {
  if (std::exchange(overtaken_taken_up_, true)) return;
  std::vector<GroupKey> keys;
  for (const auto& [key, entry] : setting_.store.table(0).entries()) {
    if (key.step >= step_) break;
    if (pending(entry.state)) keys.push_back(key);
  }
  for (const GroupKey key : keys) start(key);
}

/// A group's place in the order of admission. Those that take the place of filtered ones are let in
/// with the last of their step.
std::int64_t RolloutFlow::order(GroupKey key) const {
  return key.step * setting_.groups + std::min(key.index, setting_.groups - 1);
}

/// The group that is to be let in next.
GroupKey RolloutFlow::next_key() const {
  GroupKey next;
  next.step = step_;
  const auto round = rounds_.find(step_);
  if (round != rounds_.end()) next.index = round->second.next;
  return next;
}

bool RolloutFlow::let_in(GroupKey key) const {
  for (std::size_t i = 0; i < setting_.lanes.size(); ++i) {
    const std::int64_t steps = pins_[i].rbegin()->first;  // that its engine has heard of
    if (steps < first_version(setting_.lanes[i].admission(setting_.groups), order(key))) {
      return false;
    }
  }
  return true;
}

RolloutFlow::Round& RolloutFlow::round(std::int64_t step) {
  const auto [at, fresh] = rounds_.try_emplace(step);
  Round& round = at->second;
  if (!fresh) return round;
  round.plan.groups = setting_.groups;
  round.plan.members = setting_.group_size;
  if (setting_.tail != nullptr) {
    round.plan = setting_.tail->plan(static_cast<std::int64_t>(queue_.size()));
  }
  round.queue = queue_;
  // Its tasks are older ones: the cursor stays where it is.
  if (round.plan.from_queue) round.first_place = setting_.store.state().next_place();
  note(choose_places(step, round));
  return round;
}

/// A function of the history and the step, so that a restart in its middle chooses the same.
Status RolloutFlow::choose_places(std::int64_t step, Round& round) const {
  if (setting_.history == nullptr) return {};
  const std::int64_t window = setting_.task_window * setting_.groups;
  const std::int64_t first = step * window;
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i < window; ++i) {
    TROUPE_ASSIGN(const Task task, task_of(first + i));
    ids.push_back(task.id);
  }
  const std::uint64_t seed =
      seed_join(seed_join(setting_.seed, "difficulty"), static_cast<std::uint64_t>(step));
  for (const std::size_t i :
       choose_tasks(setting_.difficulty, ids, static_cast<std::size_t>(setting_.groups),
                    *setting_.history, seed)) {
    round.places.push_back(first + static_cast<std::int64_t>(i));
  }
  return {};
}

/// How many groups the step launches, as far as is known now.
std::int64_t RolloutFlow::launches(const Round& round) const {
  const std::int64_t spare = round.plan.groups - setting_.groups;
  return refill_launches(setting_.refill, round.counts.filtered_groups) + spare;
}

/// A group that has all its episodes from before a restart ends as it is started, and pumps.
void RolloutFlow::pump() {
  if (pumping_) return;
  pumping_ = true;
  admit_all();
  pumping_ = false;
}

void RolloutFlow::admit_all() {
  for (; error_ && !cancelled_ && step_ < setting_.steps; ++step_) {
    GroupKey key;
    key.step = step_;
    if (!let_in(key)) return;
    Round& now = round(step_);
    while (error_) {
      const bool has_batch = now.closed >= setting_.groups;
      key.index = now.next;
      const TableEntry* known = setting_.store.table(0).find(key);
      if (known == nullptr && (has_batch || now.next >= launches(now))) break;
      if (!let_in(key)) return;
      if (known == nullptr) {
        if (!setting_.store.may_admit(group_bytes())) {
          if (!waiting_for_room_) spawn(wait_for_room(Gate::Pass(gate_)));
          return;
        }
        note(admit(key, now));
        if (!error_) return;
        start(key);
      } else {
        take_up(key, *known, now);
      }
      ++now.next;
    }
    // After a restart the batch may be complete already; spare groups of before are put off.
    if (now.closed >= setting_.groups) finish_round(step_);
    // A group that is filtered later opens its step again.
    if (setting_.refill.limit > 1 && now.playing > 0) return;
  }
}

/// A group that the store has from before a restart.
void RolloutFlow::take_up(GroupKey key, const TableEntry& entry, Round& round) {
  if (round.first_place < 0) round.first_place = entry.place;
  std::erase(queue_, entry.place);
  switch (entry.state) {
    case GroupState::kReserved:
    case GroupState::kRunning:
      start(key);
      break;
    case GroupState::kFiltered:
      ++round.counts.filtered_groups;
      break;
    case GroupState::kFailed:
      ++round.counts.failed_groups;
      break;
    case GroupState::kExpired:
      ++round.counts.put_off_groups;
      queue_.push_back(entry.place);
      break;
    default:
      ++round.closed;
  }
}

std::vector<std::uint64_t> RolloutFlow::group_bytes() const {
  std::vector<std::uint64_t> out;
  for (const PolicyLane& lane : setting_.lanes) out.push_back(lane.group_bytes);
  return out;
}

/// Memory, the disk or a policy's pace stand against the next group.
Async<void> RolloutFlow::wait_for_room(Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  waiting_for_room_ = true;
  while (error_ && !cancelled_ && !setting_.store.may_admit(group_bytes())) {
    const bool notified = co_await setting_.store.changed().wait(setting_.group_wait);
    if (notified || setting_.store.may_admit(group_bytes())) continue;
    const bool disk = setting_.store.journal().trouble().has_value();
    note(disk ? tl::unexpected(*setting_.store.journal().trouble())
              : fail(ErrorCode::kDeadline,
                     "no room for the next group's experience: raise "
                     "rollout.experience_megabytes"));
  }
  waiting_for_room_ = false;
  pump();
  moved_.notify_all();
}

Status RolloutFlow::admit(GroupKey key, Round& round) {
  ExperienceStore& store = setting_.store;
  std::int64_t place = store.state().next_place();
  if (!round.places.empty()) place = round.places[static_cast<std::size_t>(key.index)];
  if (round.plan.from_queue && !queue_.empty()) {
    place = queue_.front();
    queue_.pop_front();
  }
  if (round.first_place < 0) round.first_place = place;
  TROUPE_ASSIGN(const Task task, task_of(place));
  std::vector<std::int64_t> versions;
  for (std::size_t i = 0; i < setting_.lanes.size(); ++i) {
    const auto pinned = pin(i, key);
    versions.push_back(pinned ? pinned->version.number
                              : setting_.lanes[i].rollout->version().number);
  }
  return store.reserve(key, place, task.id, group_bytes(), std::move(versions));
}

/// The weights that a policy samples a group with; null: those that its engine serves.
std::shared_ptr<const EngineWeights> RolloutFlow::pin(std::size_t policy, GroupKey key) const {
  const PolicyLane& lane = setting_.lanes[policy];
  if (!lane.pins()) return nullptr;
  return pins_[policy]
      .lower_bound(first_version(lane.admission(setting_.groups), order(key)))
      ->second;
}

AgentBindings RolloutFlow::pinned_agents(GroupKey key) const {
  AgentBindings out = setting_.agents;
  for (std::size_t i = 0; i < setting_.lanes.size(); ++i) {
    for (const std::string& agent : setting_.lanes[i].agents) {
      const auto binding = out.find(agent);
      if (binding != out.end()) binding->second.weights = pin(i, key);
    }
  }
  return out;
}

void RolloutFlow::cancel() {
  cancelled_ = true;
  for (const auto& [key, group] : playing_) group->cancel->request();
  moved_.notify_all();
}

bool RolloutFlow::complete(std::int64_t step) const {
  const auto found = rounds_.find(step);
  if (found == rounds_.end()) return false;
  const Round& round = found->second;
  if (round.playing > 0) return false;
  return round.closed >= setting_.groups || round.next >= launches(round);
}

bool RolloutFlow::settled(std::int64_t steps) const {
  for (std::size_t i = 0; i < setting_.lanes.size(); ++i) {
    const PolicyLane& lane = setting_.lanes[i];
    if (!lane.pins()) continue;
    // All groups below this place in the order are pinned to an earlier version.
    const std::int64_t old =
        std::min(admission_capacity(lane.admission(setting_.groups), steps - 1),
                 setting_.steps * setting_.groups);
    for (const auto& [key, group] : playing_) {
      if (order(key) < old) return false;
    }
    if (step_ < setting_.steps && order(next_key()) < old) return false;
  }
  return true;
}

void RolloutFlow::forget_before(std::int64_t step) {
  rounds_.erase(rounds_.begin(), rounds_.lower_bound(step));
  for (std::size_t i = 0; i < pins_.size(); ++i) {
    const std::int64_t needed =
        first_version(setting_.lanes[i].admission(setting_.groups), order(next_key()));
    auto& pins = pins_[i];
    while (pins.size() > 1 && pins.begin()->first < needed) pins.erase(pins.begin());
  }
  if (setting_.opponents != nullptr) {
    setting_.opponents->forget_before(versions_made(next_key()));
  }
}

/// How many steps every policy has made for sure when a group is played, whenever that is.
std::int64_t RolloutFlow::versions_made(GroupKey key) const {
  std::int64_t out = key.step;
  for (const PolicyLane& lane : setting_.lanes) {
    out = std::min(out, first_version(lane.admission(setting_.groups), order(key)));
  }
  return out;
}

std::int64_t RolloutFlow::place_of(std::int64_t step) const {
  const auto found = rounds_.find(step);
  if (found == rounds_.end() || found->second.first_place < 0) {
    return setting_.store.state().next_place();
  }
  return found->second.first_place;
}

std::deque<std::int64_t> RolloutFlow::queue_of(std::int64_t step) const {
  const auto found = rounds_.find(step);
  return found == rounds_.end() ? queue_ : found->second.queue;
}

}  // namespace troupe
