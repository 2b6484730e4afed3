#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "base/pages.h"

namespace troupe {

/// A block of memory that holds one training state: aligned to pages, so that direct disk I/O
/// needs no copy. Move-only; gives its memory, and its share of whatever budget it counts against,
/// back when it is destroyed. Not thread-safe.
class StateBytes {
 public:
  /// Alignment and granularity of direct I/O.
  static constexpr std::uint64_t kAlign = Pages::kPage;

  StateBytes() = default;
  /// `size` bytes, zero. `on_free` is told when the memory has gone back; may be empty. `owner` is
  /// whose budget it counts against; null: nobody's. Throws std::bad_alloc.
  explicit StateBytes(std::uint64_t size, std::function<void()> on_free = {},
                      const void* owner = nullptr)
      : StateBytes(Pages(size), size, std::move(on_free), owner) {}
  /// In memory that is there, and keeps what it holds; `size` bytes in whole pages.
  StateBytes(Pages pages, std::uint64_t size, std::function<void()> on_free, const void* owner)
      : pages_(std::move(pages)), size_(size), on_free_(std::move(on_free)), owner_(owner) {}
  StateBytes(StateBytes&& other) noexcept
      : pages_(std::move(other.pages_)),
        size_(std::exchange(other.size_, 0)),
        on_free_(std::exchange(other.on_free_, nullptr)),
        owner_(std::exchange(other.owner_, nullptr)) {}
  StateBytes& operator=(StateBytes other) noexcept;  ///< what was here before goes at once
  ~StateBytes();

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::span<char> bytes() { return pages_.bytes().first(size_); }
  [[nodiscard]] std::span<const char> bytes() const { return pages_.bytes().first(size_); }
  /// The same memory up to the end of its last page; what lies behind size() means nothing.
  [[nodiscard]] std::span<char> pages() { return pages_.bytes(); }
  [[nodiscard]] std::span<const char> pages() const { return pages_.bytes(); }
  /// The same memory as floats; size() is a multiple of 4.
  [[nodiscard]] std::span<float> floats() {
    return {reinterpret_cast<float*>(pages_.bytes().data()), size_ / sizeof(float)};
  }

  [[nodiscard]] const void* owner() const { return owner_; }
  /// From now on it counts against this budget; the one before hears that it has gone.
  void count_against(std::function<void()> on_free, const void* owner);
  /// The memory itself, which counts against nothing any more; this is empty then.
  Pages release();

 private:
  Pages pages_;
  std::uint64_t size_ = 0;
  std::function<void()> on_free_;
  const void* owner_ = nullptr;
};

}  // namespace troupe
