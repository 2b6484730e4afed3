#pragma once

#include <cstdint>
#include <functional>

namespace troupe {

/// How many bytes from the front of a large transfer have gone through. Called on the thread that
/// asked for the transfer, while the rest is under way.
using Progress = std::function<void(std::uint64_t)>;

/// How large transfers reach the system.
enum class BlockIo {
  kRing,     ///< io_uring, one thread; kThreads where the system has none or forbids it
  kThreads,  ///< pread and pwrite on a few threads
  kPlain,    ///< one after another
};

/// Bytes of a request, and how many are under way at once. Blocks as large as what disks take in
/// one command cost the least time of the processor.
constexpr std::uint64_t kBlockBytes = 4ULL << 20;
constexpr int kBlockDepth = 8;

struct Transfer {
  enum class Way { kRead, kWrite };
  Way way = Way::kRead;
  int descriptor = -1;
  std::uint64_t offset = 0;  ///< in the file
  char* data = nullptr;      ///< only read if `way` is kWrite
  std::uint64_t size = 0;
};

/// What transfer_blocks() gives if a file ends before a read does.
constexpr int kEndsEarly = -1;

/// Makes a transfer in blocks; 0, an errno, or kEndsEarly. When it returns, nothing touches the
/// memory any more. Thread-safe.
int transfer_blocks(BlockIo how, const Transfer& transfer, const Progress& progress);

/// Whether this system lets this process use io_uring.
bool has_ring();

}  // namespace troupe
