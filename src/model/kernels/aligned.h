#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace troupe {

/// Memory that starts on a cache line, so that a vector load never straddles two; large blocks
/// start on a page of 2 MiB and ask the system for such pages, which weights are streamed from
/// faster.
void* allocate_aligned(std::size_t bytes);
void free_aligned(void* block);

/// An allocator of such memory.
template <class T>
struct CacheLineAllocator {
  using value_type = T;
  CacheLineAllocator() = default;
  template <class U>
  explicit CacheLineAllocator(const CacheLineAllocator<U>& /*other*/) {}
  T* allocate(std::size_t n) { return static_cast<T*>(allocate_aligned(n * sizeof(T))); }
  void deallocate(T* p, std::size_t /*n*/) { free_aligned(p); }
  bool operator==(const CacheLineAllocator& /*other*/) const { return true; }
};

using AlignedFloats = std::vector<float, CacheLineAllocator<float>>;

/// Cuts one block of memory into aligned pieces. Without a base it only counts, so the same code
/// that hands out the pieces also says how many floats they need.
class Carver {
 public:
  explicit Carver(float* base) : base_(base) {}
  /// A piece of rows * columns floats; nullptr without a base.
  float* take(std::size_t rows, int columns) {
    float* piece = base_ == nullptr ? nullptr : base_ + used_;
    used_ += (rows * static_cast<std::size_t>(columns) + 15) / 16 * 16;
    return piece;
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  float* base_;
  std::size_t used_ = 0;
};

/// At least `n` floats, whatever they hold; never shrinks.
inline float* at_least(AlignedFloats& buffer, std::size_t n) {
  if (buffer.size() < n) {
    AlignedFloats().swap(buffer);  // never the old and the new block at once
    buffer.resize(n);
  }
  return buffer.data();
}

}  // namespace troupe
