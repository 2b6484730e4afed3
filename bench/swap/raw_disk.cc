#include "swap/raw_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/block_io.h"

namespace troupe::bench {
namespace {

template <class Call>
Status on_threads(std::span<char> bytes, Call&& call) {
  std::atomic<std::uint64_t> next{0};
  std::atomic<int> error{0};
  const auto work = [&] {
    for (std::uint64_t at = 0; error == 0 && (at = next.fetch_add(kBlockBytes)) < bytes.size();) {
      const std::uint64_t size = std::min<std::uint64_t>(kBlockBytes, bytes.size() - at);
      const ssize_t n = call(bytes.data() + at, size, static_cast<off_t>(at));
      if (n != static_cast<ssize_t>(size)) error = n < 0 ? errno : EIO;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kBlockDepth; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  if (error == 0) return {};
  return fail(ErrorCode::kIo, "raw file: " + std::generic_category().message(error));
}

}  // namespace

Result<RawFile> RawFile::make(const std::string& path, std::span<char> bytes) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return fail(ErrorCode::kIo, path + ": " + std::generic_category().message(errno));
  }
  const bool direct = ::fcntl(descriptor, F_SETFL, O_DIRECT) == 0;
  RawFile file(descriptor, direct);
  TROUPE_TRY(file.write(bytes));
  return file;
}

RawFile::RawFile(RawFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), direct_(other.direct_) {}

RawFile::~RawFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status RawFile::write(std::span<char> bytes) const {
  TROUPE_TRY(on_threads(bytes, [&](char* data, std::uint64_t size, off_t at) {
    return ::pwrite(descriptor_, data, size, at);
  }));
  if (::fdatasync(descriptor_) == 0) return {};
  return fail(ErrorCode::kIo, "raw file: " + std::generic_category().message(errno));
}

Status RawFile::read(std::span<char> bytes) const {
  return on_threads(bytes, [&](char* data, std::uint64_t size, off_t at) {
    return ::pread(descriptor_, data, size, at);
  });
}

}  // namespace troupe::bench
