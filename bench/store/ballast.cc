#include "store/ballast.h"

#include <sys/mman.h>

#include <algorithm>

#include "base/disk.h"
#include "base/memory.h"

namespace troupe::bench {

Ballast::Ballast(std::uint64_t bytes)
    : bytes_(std::min<std::uint64_t>(bytes, free_memory(*make_posix_disk()) / 2)) {}

Ballast::~Ballast() { let_go(); }

void Ballast::hold() {
  let_go();
  void* at = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return;
  at_ = at;
  ::madvise(at, bytes_, MADV_HUGEPAGE);
  constexpr std::size_t kPage = 4096;
  for (std::size_t i = 0; i < bytes_; i += kPage) static_cast<volatile char*>(at)[i] = 1;
}

void Ballast::let_go() {
  if (at_ != nullptr) ::munmap(at_, bytes_);
  at_ = nullptr;
}

}  // namespace troupe::bench
