#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "base/sandbox_limits.h"
#include "base/sandbox_worker.h"
#include "troupe/result.h"

namespace troupe {

/// What the kernel itself bounds, whatever the limits of a line are: limits are looked at every
/// 10 ms, which is long for a crowd of processes on a busy machine. 0: not bounded.
struct SandboxFence {
  std::uint64_t address_space_bytes = 0;  ///< of each process
  std::uint64_t file_bytes = 0;           ///< of each file
  std::uint64_t cpu_seconds = 0;          ///< of each process
  /// All processes and threads together; root's are not bounded.
  int processes = 0;
  /// If we are root: the program is nobody, so that `processes` holds, and begins in /tmp, because
  /// nobody may not see the folder in which we run.
  bool as_nobody = false;
};

/// Runs a program for one line of input and one of output, afresh each time, so that nothing that
/// it does is there for the next.
///
/// kBubblewrap (bwrap, Debian's package bubblewrap): namespaces of its own without network; all
/// files read-only but for empty /tmp and /dev/shm of kScratchBytes each; none of our environment
/// variables but PATH, LANG and LC_ALL; no privileges; it dies with us. kNone: a plain child with
/// our rights, network included; for programs that run nothing of what agents say, or where
/// bubblewrap cannot work. Memory and threads are looked at every 10 ms, so a program may be past a
/// limit for as long; its line of output is at most ChildProcess::kMaxLine long.
///
/// Immutable, thread-safe; ask() blocks.
class Sandbox {
 public:
  enum class Kind { kBubblewrap, kNone };
  static constexpr std::uint64_t kScratchBytes = std::uint64_t{64} << 20;

  /// kNotFound: there is no such program. kUnavailable: bubblewrap is missing, or the machine
  /// forbids what it needs.
  static Result<Sandbox> make(Kind kind, std::vector<std::string> argv,
                              const SandboxFence& fence = {});

  /// Starts the program, which then waits for its line. Errors as of ChildProcess::start.
  Result<SandboxWorker> start() const;
  /// start() and SandboxWorker::ask in one.
  Result<SandboxReply> ask(std::string_view line, const SandboxLimits& limits) const;

 private:
  Sandbox() = default;
  std::vector<std::string> argv_;
  ProcessLimits limits_;
  bool bounded_ = false;
  int own_ = 0;  ///< processes of the tree that are bubblewrap's
};

}  // namespace troupe
