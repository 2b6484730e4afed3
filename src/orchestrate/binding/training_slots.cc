#include "orchestrate/binding/training_slots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "orchestrate/binding/arrivals.h"
#include "orchestrate/binding/swap_speed.h"

namespace troupe {

using Phase = PolicyDemand::Phase;

struct TrainingSlots::Trainee {
  std::string name;
  Swappable* trainer = nullptr;
  Phase phase = Phase::kAway;
  bool own = true;  ///< what state it has is memory of its own, not of the store
  bool closed = false;
  int running = 0;
  int waiting = 0;
  Nanos waits_since = 0;
  Nanos idle_since = 0;
  Nanos bound_since = 0;
  Arrivals arrivals;
  SwapSpeed speed;
  std::set<std::string> stored;  ///< parts that the store has

  [[nodiscard]] std::string key(const std::string& part) const { return name + "." + part; }
  [[nodiscard]] std::uint64_t bytes() const {
    std::uint64_t out = 0;
    for (const StatePart& part : trainer->parts()) out += part.bytes;
    return out;
  }
};

TrainingSlots::TrainingSlots(Executor& executor, TierStore& store, Setting setting)
    : executor_(executor),
      store_(store),
      setting_(std::move(setting)),
      changed_(executor),
      moves_(executor),
      clock_(executor) {}

TrainingSlots::~TrainingSlots() { executor_.cancel(timer_); }

int TrainingSlots::add(std::string name, Swappable& trainer) {
  trainees_.push_back(std::make_unique<Trainee>());
  trainees_.back()->name = std::move(name);
  trainees_.back()->trainer = &trainer;
  return static_cast<int>(trainees_.size()) - 1;
}

void TrainingSlots::moved(int& count, int change) {
  clock_.tick();
  const bool showed = clock_.shows();
  count += change;
  if (clock_.shows() == showed) return;
  executor_.idle_reason(showed ? "rollout" : "swap of training states");
}

SwapCounts TrainingSlots::counts() {
  clock_.tick();
  SwapCounts out = clock_.counts;
  const TierFigures figures = store_.figures();
  out.disk_read = figures.read_bytes;
  out.disk_written = figures.written_bytes;
  return out;
}

Async<Result<TrainingSlots::Hold>> TrainingSlots::hold(int trainer, Need need) {
  Trainee& t = *trainees_[static_cast<std::size_t>(trainer)];
  const Nanos began = executor_.now();
  if (need == Need::kGroup) t.arrivals.group(began);
  if (need == Need::kStep) t.arrivals.step_asked();
  if (t.waiting == 0) t.waits_since = began;
  ++t.waiting;
  moved(clock_.waiting, 1);
  Status status = error_;
  while (status && (t.phase != Phase::kBound || t.closed)) {
    plan_soon();
    const Wait wait(began + setting_.wait.limit - executor_.now(), setting_.wait.reason);
    const bool notified = co_await changed_.wait(wait);
    status = error_;
    if (status && !notified) {
      status = fail(ErrorCode::kDeadline,
                    fmt::format("policy \"{}\" waited for {}: raise pipeline.group_timeout or "
                                "training.slots",
                                t.name, setting_.wait.reason));
    }
  }
  --t.waiting;
  moved(clock_.waiting, -1);
  if (!status) {
    plan_soon();
    co_return tl::unexpected(status.error());
  }
  ++t.running;
  moved(clock_.running, 1);
  co_return Hold(this, trainer, need);
}

void TrainingSlots::release(int trainer, Need need) {
  Trainee& t = *trainees_[static_cast<std::size_t>(trainer)];
  --t.running;
  moved(clock_.running, -1);
  t.idle_since = executor_.now();
  if (need == Need::kStep) t.arrivals.step_taken();
  plan_soon();
}

/// After what is going on now: a plan sees all of it, and is not made twice.
void TrainingSlots::plan_soon() {
  if (planning_) return;
  planning_ = true;
  executor_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    planning_ = false;
    plan();
  });
}

PolicyDemand TrainingSlots::demand(const Trainee& t) const {
  PolicyDemand out;
  out.phase = t.phase;
  out.running = t.running;
  out.waiting = t.waiting;
  out.waits_since = t.waits_since;
  out.idle_since = t.idle_since;
  out.bound_since = t.bound_since;
  out.expected = t.arrivals.expected(setting_.groups);
  out.next_at = t.arrivals.next_at(setting_.groups);
  if (t.phase == Phase::kLeaving || t.phase == Phase::kComing) return out;  // not to be asked
  Place place = Place::kHost;
  for (const std::string& part : t.stored) {
    if (store_.place(t.key(part)).value_or(Place::kHost) == Place::kDisk) place = Place::kDisk;
  }
  out.swap_in = t.speed.in(t.bytes(), place);
  out.swap_out = t.speed.out(t.bytes());
  return out;
}

void TrainingSlots::plan() {
  if (!error_) return;
  const Nanos now = executor_.now();
  std::vector<PolicyDemand> demands;
  demands.reserve(trainees_.size());
  for (const auto& t : trainees_) demands.push_back(demand(*t));
  const BindingRule rule{setting_.slots, setting_.patience};
  const BindingPlan next = plan_binding(demands, rule, now);
  bool opened = false;
  for (std::size_t i = 0; i < trainees_.size(); ++i) {
    const auto& close = next.close;
    const bool closed = std::find(close.begin(), close.end(), static_cast<int>(i)) != close.end();
    opened = opened || (trainees_[i]->closed && !closed);
    trainees_[i]->closed = closed;
  }
  if (opened) changed_.notify_all();
  for (std::size_t i = 0; i < trainees_.size(); ++i) {
    if (demands[i].phase != Phase::kAway) continue;
    const bool soon = demands[i].waiting > 0 || demands[i].next_at != PolicyDemand::kNever;
    const Nanos when = !soon                    ? PolicyDemand::kNever
                       : demands[i].waiting > 0 ? now + demands[i].expected
                                                : std::max(now, demands[i].next_at);
    for (const std::string& part : trainees_[i]->stored) {
      store_.needed_at(trainees_[i]->key(part), when);
    }
  }
  for (const int i : next.suspend) {
    Trainee& t = *trainees_[static_cast<std::size_t>(i)];
    t.phase = Phase::kLeaving;
    spawn(put(t, Gate::Pass(moves_)));
  }
  for (const int i : next.bind) {
    Trainee& t = *trainees_[static_cast<std::size_t>(i)];
    t.phase = Phase::kComing;
    spawn(bring(t, Gate::Pass(moves_)));
  }
  for (const int i : next.prefetch) {
    const Trainee& t = *trainees_[static_cast<std::size_t>(i)];
    if (t.phase != Phase::kAway) continue;
    for (const std::string& part : t.stored) store_.prefetch(t.key(part));
  }
  executor_.cancel(timer_);
  timer_ = 0;
  if (next.again_at == PolicyDemand::kNever) return;
  timer_ = executor_.at(std::max(next.again_at, now + kMillisecond),
                        [this, alive = std::weak_ptr<bool>(alive_)] {
                          if (!alive.expired()) plan_soon();
                        });
}

void TrainingSlots::fail_with(const Status& status) {
  if (error_) error_ = within("training state", status.error());
}

/// `pass` is kept until the state is there.
Async<void> TrainingSlots::bring(Trainee& t, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  moved(clock_.moving, 1);
  const Status done = co_await bring_parts(t);
  moved(clock_.moving, -1);
  if (!done) fail_with(done);
  t.phase = Phase::kBound;
  t.bound_since = t.idle_since = executor_.now();
  changed_.notify_all();
  plan_soon();
}

Async<void> TrainingSlots::put(Trainee& t, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  moved(clock_.moving, 1);
  const Status done = co_await put_parts(t);
  moved(clock_.moving, -1);
  if (!done) fail_with(done);
  t.phase = Phase::kAway;
  t.closed = false;
  changed_.notify_all();
  plan_soon();
}

Async<Status> TrainingSlots::bring_parts(Trainee& t) {
  const Nanos began = executor_.now();
  const bool own = t.own;
  const bool fresh = own || t.trainer->fresh();
  StateParts state;
  StateParts had;
  if (own) {
    co_await on_worker(executor_, "swap", 0, [&] { had = t.trainer->suspend(StateParts()); });
  }
  if (fresh) {  // what the store has is of before a restart
    for (const std::string& part : t.stored) {
      Status gone = co_await store_.remove(t.key(part));
      if (!gone) co_return gone;
    }
    t.stored.clear();
  }
  Place place = Place::kHost;
  std::uint64_t bytes = 0;
  for (const StatePart& part : t.trainer->parts()) {
    const std::string key = t.key(part.name);
    Result<StateBytes> block;
    if (fresh) {
      block = co_await store_.allocate(part.bytes, setting_.wait);
    } else {
      if (store_.place(key).value_or(Place::kHost) == Place::kDisk) place = Place::kDisk;
      block = co_await store_.get(key, setting_.wait);
      bytes += part.bytes;
      t.stored.erase(part.name);
    }
    if (!block) co_return tl::unexpected(block.error());
    if (block->size() != part.bytes) {
      co_return fail(ErrorCode::kInternal, key + " has another size than was put away");
    }
    state[part.name] = std::move(*block);
  }
  t.trainer->take_workspaces(std::exchange(spare_, {}));
  co_await on_worker(executor_, "swap", 0, [&] {
    for (auto& [name, block] : had) {
      if (block.empty()) continue;
      std::memcpy(state[name].bytes().data(), block.bytes().data(), block.size());
      block = StateBytes();
    }
    t.trainer->resume(std::move(state));
  });
  t.own = false;
  if (fresh) co_return Status();
  ++clock_.counts.swaps;
  clock_.counts.bytes_in += bytes;
  t.speed.brought(bytes, place, executor_.now() - began);
  co_return Status();
}

Async<Status> TrainingSlots::put_parts(Trainee& t) {
  const Nanos began = executor_.now();
  StateParts room;
  for (const StatePart& part : t.trainer->parts()) {
    if (!part.gathered) continue;
    auto block = co_await store_.allocate(part.bytes, setting_.wait);
    if (!block) co_return tl::unexpected(block.error());
    room[part.name] = std::move(*block);
  }
  StateParts state;
  co_await on_worker(executor_, "swap", 0, [&] { state = t.trainer->suspend(std::move(room)); });
  spare_ = t.trainer->give_workspaces();
  std::uint64_t bytes = 0;
  for (auto& [name, block] : state) {
    if (block.empty()) continue;  // nothing has trained yet
    bytes += block.size();
    const std::string key = t.key(name);
    Status set = co_await store_.set(key, std::move(block), Place::kHost, setting_.wait);
    if (!set) co_return set;
    t.stored.insert(name);
  }
  clock_.counts.bytes_out += bytes;
  t.speed.put_away(bytes, executor_.now() - began);
  co_return Status();
}

Async<Status> TrainingSlots::take_over() {
  for (std::size_t i = 0; i < trainees_.size(); ++i) {
    if (trainees_[i]->trainer->fresh()) continue;  // it has nothing yet
    auto held = co_await hold(static_cast<int>(i), Need::kState);
    if (!held) co_return tl::unexpected(held.error());
  }
  co_return Status();
}

Async<void> TrainingSlots::stop() {
  fail_with(fail(ErrorCode::kCancelled, "the run has ended"));
  while (moves_.count() > 0) {
    const Status left = co_await moves_.wait_empty(Wait(3600 * kSecond, "the last swaps"));
    if (!left) co_return;
  }
}

}  // namespace troupe
