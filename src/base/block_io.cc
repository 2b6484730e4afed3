#include "base/block_io.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "base/block_ring.h"

namespace troupe {
namespace {

constexpr int kThreads = 4;

/// 0, an errno or kEndsEarly.
int transfer_part(const Transfer& all, std::uint64_t at, std::uint64_t end) {
  while (at < end) {
    const auto offset = static_cast<off_t>(all.offset + at);
    const ssize_t n = all.way == Transfer::Way::kRead
                          ? ::pread(all.descriptor, all.data + at, end - at, offset)
                          : ::pwrite(all.descriptor, all.data + at, end - at, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return all.way == Transfer::Way::kRead ? kEndsEarly : EIO;
    at += static_cast<std::uint64_t>(n);
  }
  return 0;
}

int transfer_plain(const Transfer& all, const Progress& progress) {
  for (std::uint64_t at = 0; at < all.size;) {
    const std::uint64_t end = std::min(at + kBlockBytes, all.size);
    const int error = transfer_part(all, at, end);
    if (error != 0) return error;
    progress(at = end);
  }
  return 0;
}

/// Each takes the next block that nobody has taken.
int transfer_on_threads(const Transfer& all, const Progress& progress) {
  std::atomic<std::uint64_t> next{0};
  std::atomic<int> error{0};
  const auto work = [&] {
    for (std::uint64_t at = 0; error == 0 && (at = next.fetch_add(kBlockBytes)) < all.size;) {
      const int result = transfer_part(all, at, std::min(at + kBlockBytes, all.size));
      int none = 0;
      if (result != 0) error.compare_exchange_strong(none, result);
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < kThreads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  if (error == 0 && all.size > 0) progress(all.size);
  return error;
}

}  // namespace

int transfer_blocks(BlockIo how, const Transfer& transfer, const Progress& progress) {
  if (how == BlockIo::kPlain || transfer.size <= kBlockBytes) {
    return transfer_plain(transfer, progress);
  }
  if (how == BlockIo::kRing) {
    if (const auto result = transfer_on_ring(transfer, progress)) return *result;
  }
  return transfer_on_threads(transfer, progress);
}

}  // namespace troupe
