#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/process.h"
#include "base/process_tree.h"
#include "base/sandbox_limits.h"
#include "troupe/result.h"

namespace troupe {

/// One started program in its sandbox: reads one line, writes one, and is then of no further use.
/// Ends with this object, and with the thread that started it. Not thread-safe; calls block.
class SandboxWorker {
 public:
  /// `own`: how many processes of the child's tree are the sandbox's. `bounded`: the kernel bounds
  /// how many there are; to have been refused one by it counts as the limit kThreads.
  SandboxWorker(std::unique_ptr<ChildProcess> child, int own, bool bounded)
      : child_(std::move(child)), own_(own), bounded_(bounded) {}

  /// Waits until the program says `greeting`, its first line, and so that it has come up. From then
  /// on what ends it is its line's doing. kUnavailable: it says something else, ends, or is late.
  Status greet(const std::string& greeting, double seconds);

  /// Gives it the line and waits for its reply: the first line that begins with `marker`, which is
  /// taken off; other lines are output only. Ends when the reply is there or a limit is reached.
  ///
  /// kUnavailable: the program ended without a reply and had not greeted, or somebody outside the
  /// sandbox killed it. kDeadline: the machine was too busy to let it run for four times its time
  /// and ten seconds more.
  Result<SandboxReply> ask(std::string_view line, const SandboxLimits& limits,
                           std::string_view marker = "");

  /// False once the program, or what keeps it in, has ended.
  [[nodiscard]] bool alive() { return !child_->ending(); }

 private:
  class Watch;
  Error broken(const Error& error);

  std::unique_ptr<ChildProcess> child_;
  int own_ = 0;
  bool bounded_ = false;
  bool greeted_ = false;
};

}  // namespace troupe
