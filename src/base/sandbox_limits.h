#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// What a program may use for one line. Of processes, threads, memory and output those of all its
/// descendants count together.
struct SandboxLimits {
  double seconds = 30;                                  ///< of time that counts
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;  ///< resident
  int threads = 64;
  std::uint64_t output_bytes = std::uint64_t{64} << 20;  ///< standard output and error together
};

/// Which limit a program ran into, or what the sandbox kept from it.
enum class SandboxLimit {
  kNone,
  kTime,
  kMemory,
  kThreads,
  kOutput,
  kSpace,    ///< a file, or the scratch space, would have grown too large
  kExit,     ///< it ended without a reply
  kNetwork,  ///< it asked for a network
  kFiles,    ///< it wanted to write, or to read, what it may not
};
/// "none", "time", "memory", "processes", "output", "space", "exit", "network" or "files".
const char* limit_name(SandboxLimit limit);

/// What the sandbox kept from a program, by the errors that the program or a tool of its wrote:
/// kNetwork, kFiles, kSpace, kThreads or kNone. The messages are those of strerror(3) and
/// getaddrinfo(3) in the C locale; of several the last one counts. A program can write anything, so
/// this names what happened and decides nothing.
SandboxLimit refused_by(std::string_view errors);

struct SandboxReply {
  SandboxLimit limit = SandboxLimit::kNone;
  std::string line;    ///< its reply; empty if it ran into a limit
  double seconds = 0;  ///< that counted
  std::string errors;  ///< its last words on standard error
};

}  // namespace troupe
