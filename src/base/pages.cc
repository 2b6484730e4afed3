#include "base/pages.h"

#include <sys/mman.h>

#include <new>

namespace troupe {
namespace {

constexpr std::uint64_t kHugePage = 2ULL << 20;

}  // namespace

Pages::Pages(std::uint64_t size) : size_(whole(size)) {
  if (size_ == 0) return;
  void* block = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw std::bad_alloc();
  if (size_ >= 2 * kHugePage) ::madvise(block, size_, MADV_HUGEPAGE);  // a wish, no more
  data_ = static_cast<char*>(block);
}

Pages::~Pages() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace troupe
