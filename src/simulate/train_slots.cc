#include "simulate/train_slots.h"

#include <cmath>

namespace troupe {
namespace {

constexpr Nanos kForever = 100'000'000 * kSecond;  // only a bug lasts so long

Nanos nanos(double seconds) { return std::llround(seconds * kSecond); }

}  // namespace

TrainSlots::TrainSlots(Executor& executor, int slots, std::vector<TrainingCosts> costs)
    : executor_(executor), costs_(std::move(costs)), freed_(executor) {
  const bool own = slots == static_cast<int>(costs_.size());
  for (int i = 0; i < slots; ++i) {
    slots_.push_back(Slot{own ? i : -1, false, 0, StateClock(idle_, executor.now())});
  }
}

int TrainSlots::choose(int policy) const {
  const bool own = slots_.size() == costs_.size();
  int best = -1;
  const auto rank = [policy](const Slot& slot) {  // least first
    return slot.resident == policy ? -2 : slot.resident < 0 ? -1 : slot.released;
  };
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (own && slot.resident != policy) continue;
    // Its state is there, and is still being computed with.
    if (slot.busy && slot.resident == policy) return -1;
    if (slot.busy) continue;
    if (best < 0 || rank(slot) < rank(slots_[static_cast<std::size_t>(best)])) {
      best = static_cast<int>(i);
    }
  }
  return best;
}

Async<int> TrainSlots::acquire(int policy) {
  const bool own = slots_.size() == costs_.size();
  const std::int64_t place = arrivals_++;
  int at = -1;
  while (true) {
    if (own || place == served_) at = choose(policy);
    if (at >= 0) break;
    const bool notified = co_await freed_.wait(Wait(kForever, "a training slot"));
    (void)notified;
  }
  ++served_;
  freed_.notify_all();  // the next in line may find another one free
  Slot& slot = slots_[static_cast<std::size_t>(at)];
  slot.busy = true;
  const int before = slot.resident;
  slot.resident = policy;
  if (before != policy) {
    ++swaps_;
    double seconds = costs(policy).swap_in;
    if (before >= 0) seconds += costs(before).swap_out;
    co_await compute(at, "swap", seconds);
  }
  co_return at;
}

void TrainSlots::release(int slot) {
  Slot& given = slots_[static_cast<std::size_t>(slot)];
  given.busy = false;
  given.released = ++releases_;
  given.clock.enter(idle_, executor_.now());
  freed_.notify_all();
}

Async<void> TrainSlots::compute(int slot, std::string state, double seconds) {
  StateClock& clock = slots_[static_cast<std::size_t>(slot)].clock;
  clock.enter(state, executor_.now());
  co_await sleep_for(executor_, nanos(seconds));
}

void TrainSlots::idle_reason(const std::string& reason) {
  idle_ = "wait: " + reason;
  for (Slot& slot : slots_) {
    if (!slot.busy) slot.clock.enter(idle_, executor_.now());
  }
}

std::map<std::string, double> TrainSlots::states() const {
  std::map<std::string, double> out;
  for (const Slot& slot : slots_) {
    for (const auto& [state, spent] : slot.clock.totals(executor_.now())) {
      out[state] += static_cast<double>(spent) / kSecond;
    }
  }
  return out;
}

}  // namespace troupe
