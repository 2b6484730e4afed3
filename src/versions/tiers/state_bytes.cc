#include "versions/tiers/state_bytes.h"

#include <sys/mman.h>

#include <new>

namespace troupe {
namespace {

std::uint64_t whole_pages(std::uint64_t size) {
  return (size + StateBytes::kAlign - 1) / StateBytes::kAlign * StateBytes::kAlign;
}

}  // namespace

StateBytes::StateBytes(std::uint64_t size, std::function<void()> on_free)
    : size_(size), on_free_(std::move(on_free)) {
  if (size == 0) return;
  void* block =
      mmap(nullptr, whole_pages(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<char*>(block);
}

StateBytes::~StateBytes() {
  if (data_ != nullptr) munmap(data_, whole_pages(size_));
  if (on_free_) on_free_();
}

}  // namespace troupe
