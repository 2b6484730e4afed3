#include "simulate/team/state_store.h"

#include <cmath>

namespace troupe {

Async<void> StateStore::move(double seconds) {
  const std::shared_ptr<SlotTimes> times = times_;
  times->begin("swap");
  co_await sleep_for(executor_, std::llround(seconds * kSecond));
  times->end("swap");
}

Async<Result<StateBytes>> StateStore::allocate(std::uint64_t size, Wait) {
  co_return StateBytes(size);
}

Async<Status> StateStore::set(std::string key, StateBytes bytes, Place, Wait) {
  co_await move(costs_of(key).swap_out);
  states_[key] = std::move(bytes);
  co_return Status();
}

Async<Result<StateBytes>> StateStore::get(std::string key, Wait) {
  const auto found = states_.find(key);
  if (found == states_.end()) co_return fail(ErrorCode::kNotFound, "no training state " + key);
  StateBytes out = std::move(found->second);
  states_.erase(found);
  co_await move(costs_of(key).swap_in);
  co_return out;
}

Async<Status> StateStore::remove(std::string key) {
  states_.erase(key);
  co_return Status();
}

Result<Place> StateStore::place(const std::string& key) const {
  if (!states_.contains(key)) return fail(ErrorCode::kNotFound, "no training state " + key);
  return Place::kHost;
}

std::vector<std::string> StateStore::keys() const {
  std::vector<std::string> out;
  for (const auto& [key, state] : states_) out.push_back(key);
  return out;
}

}  // namespace troupe
