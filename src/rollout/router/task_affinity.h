#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "rollout/router/random_least.h"
#include "rollout/router/router.h"

namespace troupe {

/// All sessions of a task go to one instance, that with the fewest requests when the first of them
/// came: how a loop that asks for n answers by one request divides prompts among engines, and what
/// shares a prompt's cache best. It is bad at long answers: those of a hard task stay together.
/// Prompt replication (ROLL Flash, arXiv 2510.11345) is to do without it.
///
/// Remembers the last kTasks tasks; a session without a task goes where the fewest requests are.
class TaskAffinity final : public Router {
 public:
  static constexpr std::size_t kTasks = 65'536;

  std::size_t choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) override {
    const auto known = homes_.find(request.task);
    if (known != homes_.end()) {
      for (std::size_t i = 0; i < fleet.size(); ++i) {
        if (fleet.id[i] == known->second) return i;
      }
    }
    cost_.assign(fleet.in_flight.begin(), fleet.in_flight.end());
    const std::size_t chosen = random_least(cost_, rng);
    if (!request.task.empty()) remember(request.task, fleet.id[chosen]);
    return chosen;
  }

 private:
  void remember(std::string_view task, int instance) {
    const auto [at, fresh] = homes_.insert_or_assign(std::string(task), instance);
    if (!fresh) return;
    order_.push_back(at->first);
    if (order_.size() <= kTasks) return;
    homes_.erase(order_.front());
    order_.pop_front();
  }

  std::map<std::string, int, std::less<>> homes_;  ///< id, by task
  std::deque<std::string> order_;                  ///< of these tasks, the oldest first
  std::vector<double> cost_;
};

}  // namespace troupe
