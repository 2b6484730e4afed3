#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/child_pool.h"
#include "troupe/environment.h"
#include "troupe/result.h"

namespace troupe {

/// The user's own program as the one who shares out the credit: one JSON line in, one out
/// (docs/credit.md). Each call in flight has a process of its own; idle ones are reused, so the
/// program must keep nothing from one line to the next.
///
/// Thread-safe: calls are from io jobs. A dead program, a late or malformed reply, a missing,
/// unknown or infinite reward is kUnavailable, and says what was expected.
class CommandCredit {
 public:
  /// Starts a first child, so that a command that cannot run is refused before the run begins.
  static Result<std::unique_ptr<CommandCredit>> make(std::vector<std::string> argv,
                                                     double timeout_seconds);

  /// The rewards of an episode's agents, in the order of `agents`. Blocks.
  Result<std::vector<double>> rewards(const Task& task, const std::vector<std::string>& agents,
                                      const Outcome& outcome);

 private:
  CommandCredit(std::shared_ptr<ChildPool> pool, double timeout_seconds)
      : pool_(std::move(pool)), timeout_seconds_(timeout_seconds) {}

  std::shared_ptr<ChildPool> pool_;
  double timeout_seconds_;
};

}  // namespace troupe
