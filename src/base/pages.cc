#include "base/pages.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
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

void use_huge_pages_for_heap() {
  constexpr int kPiece = 1 << 30;
  constexpr int kLargestInHeap = 32 << 20;  // what malloc maps by itself above this, it also unmaps
  ::mallopt(M_TOP_PAD, kPiece);
  ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
  ::mallopt(M_MMAP_THRESHOLD, kLargestInHeap);
  static char* advised = static_cast<char*>(::sbrk(0));  // up to here
  void* volatile block = ::malloc(kLargestInHeap / 2);   // makes it grow, and is not optimised away
  ::free(block);
  char* const end = static_cast<char*>(::sbrk(0));
  const auto first =
      (reinterpret_cast<std::uintptr_t>(advised) + kHugePage - 1) / kHugePage * kHugePage;
  const auto last = reinterpret_cast<std::uintptr_t>(end);
  // A wish, no more.
  if (last > first) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
  advised = end;
}

}  // namespace troupe
