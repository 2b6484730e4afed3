#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "experience/state.h"

namespace troupe {

/// Replays a journal's frames one after the other, as opening it does, and holds each snapshot that
/// comes on the way against the state that it repeats. Not thread-safe.
class ReplayCheck {
 public:
  /// Nothing lies before the first frame.
  void begin() { state_ = std::make_unique<StoreState>(std::vector<StoreState::Policy>(), 0); }
  /// Frames are missing here: what follows can only be replayed from the next snapshot on.
  void interrupt();
  /// What of the next frame is not as it must be; it is then as after interrupt().
  Status see(const Frame& frame);
  /// The state behind the last frame; null if it cannot be known.
  [[nodiscard]] const StoreState* state() const { return restoring_ ? nullptr : state_.get(); }

 private:
  void expect();
  Status compare(const Frame& frame);

  std::unique_ptr<StoreState> state_;
  bool restoring_ = false;
  bool comparing_ = false;
  std::vector<std::pair<std::uint8_t, std::string>> expected_;  ///< of the snapshot: type, payload
  std::size_t next_ = 0;
};

}  // namespace troupe
