#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/executor.h"
#include "troupe/result.h"

namespace troupe {

/// One budget for both ways of sampling in parallel: over the episodes of different tasks
/// (inter-query) and over the members and branches of one (intra-query; FlexMARL, arXiv
/// 2602.09578). At most `limit` answers are being sampled at once.
///
/// A place is held for one answer, not for an episode: an episode that waits for its branches, its
/// environment or its reward holds none, so that whoever holds one goes on by itself and gives it
/// back. Nothing else may be waited for with a place in hand. The oldest episode that waits is
/// next: what has begun ends before what has not. Lives on the strand.
class Concurrency {
 public:
  Concurrency(Executor& executor, std::int64_t limit) : executor_(executor), limit_(limit) {}
  Concurrency(const Concurrency&) = delete;
  Concurrency& operator=(const Concurrency&) = delete;

  /// The age of an episode; of those of one group, the order in which they began.
  std::int64_t ticket() { return tickets_++; }

  class Place {
   public:
    explicit Place(Concurrency& budget) : budget_(&budget) { ++budget_->held_; }
    Place(Place&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (budget_ != nullptr) budget_->leave();
    }

   private:
    Concurrency* budget_;
  };
  /// Waits for a place.
  Async<Result<Place>> enter(std::int64_t ticket);

  [[nodiscard]] std::int64_t held() const { return held_; }
  [[nodiscard]] std::int64_t waiting() const { return static_cast<std::int64_t>(queue_.size()); }

 private:
  void leave();
  void call_next();

  Executor& executor_;
  std::int64_t limit_;
  std::int64_t held_ = 0;
  std::int64_t tickets_ = 0;
  std::int64_t arrivals_ = 0;
  /// By ticket, then by arrival.
  std::map<std::pair<std::int64_t, std::int64_t>, Signal*> queue_;
};

}  // namespace troupe
