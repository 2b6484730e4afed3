#include "model/kernels/aligned.h"

#include <sys/mman.h>

#include <cstdlib>

namespace troupe {
namespace {

constexpr std::size_t kHugePage = std::size_t{1} << 21;

}  // namespace

void* allocate_aligned(std::size_t bytes) {
  const bool large = bytes >= 2 * kHugePage;
  const std::size_t alignment = large ? kHugePage : 64;
  void* block = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (block == nullptr) throw std::bad_alloc();
  if (large) (void)madvise(block, bytes, MADV_HUGEPAGE);  // only a hint
  return block;
}

void free_aligned(void* block) { std::free(block); }

}  // namespace troupe
