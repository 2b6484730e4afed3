#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Bytes that grow at their end without ever being moved: they lie in blocks. Not thread-safe.
class BlockBytes {
 public:
  static constexpr std::uint64_t kBlock = 1 << 20;

  [[nodiscard]] std::uint64_t size() const { return size_; }

  void append(std::string_view more) {
    while (!more.empty()) {
      const std::uint64_t filled = size_ % kBlock;
      if (filled == 0) blocks_.emplace_back();
      const std::string_view part = more.substr(0, kBlock - filled);
      blocks_.back().append(part);
      size_ += part.size();
      more.remove_prefix(part.size());
    }
  }

  /// The bytes from `offset` on, at most `count`; `offset` is at most size().
  [[nodiscard]] std::string copy(std::uint64_t offset, std::uint64_t count) const {
    count = std::min(count, size_ - offset);
    std::string out;
    out.reserve(count);
    while (out.size() < count) {
      const std::uint64_t at = offset + out.size();
      out.append(blocks_[at / kBlock], at % kBlock, count - out.size());
    }
    return out;
  }

  /// Cuts the end off, or adds zeros.
  void resize(std::uint64_t size) {
    if (size > size_) return append(std::string(size - size_, '\0'));
    blocks_.resize((size + kBlock - 1) / kBlock);
    if (size % kBlock != 0) blocks_.back().resize(size % kBlock);
    size_ = size;
  }

 private:
  std::vector<std::string> blocks_;  ///< all but the last are full
  std::uint64_t size_ = 0;
};

}  // namespace troupe
