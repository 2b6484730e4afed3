#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace troupe {

/// A block of memory in whole pages, straight from the system: zero when made, aligned so that
/// direct I/O takes it, and given back at once. A large block asks for huge pages, which makes the
/// first touch cheap. Move-only. Not thread-safe.
class Pages {
 public:
  /// Alignment, and granularity of size and of direct I/O.
  static constexpr std::uint64_t kPage = 4096;

  Pages() = default;
  /// `size` bytes, rounded up to whole pages. Throws std::bad_alloc.
  explicit Pages(std::uint64_t size);
  Pages(Pages&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Pages& operator=(Pages other) noexcept {  // what was here before goes at once
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Pages();

  [[nodiscard]] std::span<char> bytes() { return {data_, size_}; }
  [[nodiscard]] std::span<const char> bytes() const { return {data_, size_}; }

  static constexpr std::uint64_t whole(std::uint64_t size) {
    return (size + kPage - 1) / kPage * kPage;
  }

 private:
  char* data_ = nullptr;
  std::uint64_t size_ = 0;
};

/// From now on the heap of the main thread grows by a gigabyte of addresses at a time, gives
/// nothing back to the system, and asks for huge pages: for a process that walks over hundreds of
/// megabytes of small objects, whose time is then no longer the lookup of pages. Memory is taken as
/// it is touched. To be called before that memory is allocated, and again when much more of it is.
void use_huge_pages_for_heap();

}  // namespace troupe
