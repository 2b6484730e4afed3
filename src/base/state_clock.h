#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// Accounts for all of one worker's time by state, after Reverb's StateStatistics: the answer to
/// "why is it idle?". A state is "generate", "backward", "wait: rollout tail", ...
/// Time is handed in (nanoseconds of the executor's clock). Not thread-safe.
class StateClock {
 public:
  StateClock(std::string state, std::int64_t now) : state_(std::move(state)), since_(now) {}

  /// Ends the current state at `now` and begins `state`. Re-entering the same state is cheap.
  void enter(std::string_view state, std::int64_t now) {
    totals_[state_] += now - since_;
    since_ = now;
    if (state_ != state) state_ = state;
  }
  [[nodiscard]] const std::string& state() const { return state_; }
  /// Nanoseconds per state up to `now`; sums to the clock's whole life.
  [[nodiscard]] std::map<std::string, std::int64_t> totals(std::int64_t now) const {
    std::map<std::string, std::int64_t> out(totals_.begin(), totals_.end());
    out[state_] += now - since_;
    return out;
  }

 private:
  std::string state_;
  std::int64_t since_;
  std::map<std::string, std::int64_t, std::less<>> totals_;
};

}  // namespace troupe
