#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/process.h"
#include "troupe/result.h"

namespace troupe {

/// Idle children of one command, kept so that the next user need not start one.
/// Thread-safe.
class ChildPool {
 public:
  struct Child {
    std::unique_ptr<ChildProcess> process;
    bool reused = false;  ///< it served before, and may have died since
  };

  explicit ChildPool(std::vector<std::string> argv);
  ~ChildPool();
  [[nodiscard]] const std::vector<std::string>& argv() const { return argv_; }

  /// An idle child, or a new one. Errors as of ChildProcess::start.
  Result<Child> take();
  /// A new child, whatever is idle.
  Result<Child> start() const;
  /// Hands back a child that waits for its next line.
  void give(std::unique_ptr<ChildProcess> child);

 private:
  struct Idle;
  std::vector<std::string> argv_;
  std::unique_ptr<Idle> idle_;
};

}  // namespace troupe
