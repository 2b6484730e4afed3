#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// What a program may use for one line. Of processes, threads and memory those of all its
/// descendants count together.
struct SandboxLimits {
  double seconds = 30;                                  ///< of time that counts
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;  ///< resident
  int threads = 64;
};

/// Which limit a program ran into.
enum class SandboxLimit { kNone, kTime, kMemory, kThreads, kOutput };
/// "none", "time", "memory", "processes" or "output".
const char* limit_name(SandboxLimit limit);

struct SandboxReply {
  SandboxLimit limit = SandboxLimit::kNone;
  std::string line;    ///< its first line of output; empty if it ran into a limit
  double seconds = 0;  ///< that counted
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
  static Result<Sandbox> make(Kind kind, std::vector<std::string> argv);

  /// Ends the program when its line is there or it runs into a limit. kUnavailable: it ended
  /// without a line for another reason; kDeadline: the machine was too busy to let it run for four
  /// times its time and ten seconds more.
  Result<SandboxReply> ask(std::string_view line, const SandboxLimits& limits) const;

 private:
  Sandbox() = default;
  std::vector<std::string> argv_;
  int own_ = 0;  ///< processes of the tree that are bubblewrap's
};

}  // namespace troupe
