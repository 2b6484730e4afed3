#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>

namespace troupe {

/// A block of memory that holds one training state: aligned to pages, so that direct disk I/O
/// needs no copy. Move-only; gives its memory, and its share of whatever budget it counts against,
/// back when it is destroyed. Not thread-safe.
class StateBytes {
 public:
  /// Alignment and granularity of direct I/O.
  static constexpr std::uint64_t kAlign = 4096;

  StateBytes() = default;
  /// `size` bytes, zero. `on_free` is told when the memory has gone back; may be empty.
  explicit StateBytes(std::uint64_t size, std::function<void()> on_free = {});
  StateBytes(StateBytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        on_free_(std::exchange(other.on_free_, nullptr)) {}
  StateBytes& operator=(StateBytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(on_free_, other.on_free_);
    return *this;
  }
  ~StateBytes();

  [[nodiscard]] bool empty() const { return data_ == nullptr; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::span<char> bytes() { return {data_, size_}; }
  [[nodiscard]] std::span<const char> bytes() const { return {data_, size_}; }
  /// The same memory as floats; size() is a multiple of 4.
  [[nodiscard]] std::span<float> floats() {
    return {reinterpret_cast<float*>(data_), size_ / sizeof(float)};
  }

 private:
  char* data_ = nullptr;
  std::uint64_t size_ = 0;
  std::function<void()> on_free_;
};

}  // namespace troupe
