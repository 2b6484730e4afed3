#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/sandbox.h"

namespace troupe {

/// Sandboxes that are started in advance, so that a line need not wait until its sandbox and the
/// program in it have come up. Each serves one line, so that nothing that a line did is there for
/// the next, and is replaced by a thread of the pool's own.
///
/// The program's first line is its greeting: once it was said, an end without a reply is the doing
/// of what the program was asked (SandboxLimit::kExit), while a program that does not come up is a
/// failure of the machine. When more lines come at once than sandboxes are ready, the others start
/// theirs while their callers wait. Thread-safe; ask() blocks.
class SandboxPool {
 public:
  struct Options {
    int ready = 4;  ///< sandboxes kept started
    std::string greeting = "ready";
    double start_seconds = 30;  ///< a program that has not greeted by then has not come up
  };
  struct Counts {
    std::int64_t warm = 0;  ///< lines whose sandbox was ready
    std::int64_t cold = 0;  ///< lines that waited for theirs to start
    std::int64_t lost = 0;  ///< sandboxes that ended before they got a line, or did not come up
  };

  SandboxPool(Sandbox sandbox, Options options);
  ~SandboxPool();
  SandboxPool(const SandboxPool&) = delete;
  SandboxPool& operator=(const SandboxPool&) = delete;

  /// Errors and replies as of SandboxWorker::ask; kUnavailable, too, if none could be started.
  Result<SandboxReply> ask(std::string_view line, const SandboxLimits& limits,
                           std::string_view marker = "");
  [[nodiscard]] Counts counts() const;
  /// Waits until `Options::ready` sandboxes wait for a line; false: not within so many seconds.
  bool wait_ready(double seconds);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe
