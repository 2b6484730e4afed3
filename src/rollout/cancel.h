#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "rollout/engine.h"

namespace troupe {

/// Asks episodes to end before they are complete: answers in flight are given back, and the episode
/// ends with kCancelled when its coroutine next looks. What an environment is doing is not
/// interrupted. Lives on the strand.
class Cancel {
 public:
  [[nodiscard]] bool requested() const { return requested_; }
  void request() {
    requested_ = true;
    for (const auto& [engine, session] : watched_) engine->abort(*session);
  }

  /// A session whose request is in flight for as long as the object lives. `cancel` may be null.
  class Watch {
   public:
    Watch(Cancel* cancel, RolloutEngine& engine, Session& session)
        : cancel_(cancel), entry_(&engine, &session) {
      if (cancel_ != nullptr) cancel_->watched_.push_back(entry_);
    }
    ~Watch() {
      if (cancel_ == nullptr) return;
      auto& all = cancel_->watched_;
      all.erase(std::find(all.begin(), all.end(), entry_));
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Cancel* cancel_;
    std::pair<RolloutEngine*, Session*> entry_;
  };

 private:
  bool requested_ = false;
  std::vector<std::pair<RolloutEngine*, Session*>> watched_;
};

}  // namespace troupe
