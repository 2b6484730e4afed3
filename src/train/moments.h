#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "versions/tiers/state_bytes.h"

namespace troupe {

/// The first and second moments of an optimizer, one after the other in one block of memory that
/// can be taken away and put back without a copy. Zero until somebody writes; memory is taken when
/// it is first needed. Move-only, not thread-safe.
class Moments {
 public:
  /// Of so many parameters.
  explicit Moments(std::size_t size) : size_(size) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  /// Of the block.
  [[nodiscard]] std::uint64_t bytes() const { return 2 * size_ * sizeof(float); }
  /// [size] each.
  [[nodiscard]] std::span<float> first() { return memory().first(size_); }
  [[nodiscard]] std::span<float> second() { return memory().subspan(size_, size_); }

  /// Copies; zeros while there is no memory.
  [[nodiscard]] std::vector<float> copy_first() const { return copy(0); }
  [[nodiscard]] std::vector<float> copy_second() const { return copy(size_); }
  void assign(std::span<const float> first, std::span<const float> second);
  /// Zero, in the memory that it has.
  void clear();

  /// Gives the block away; empty if there is none yet. Until put(), nothing else may be called but
  /// size(), bytes() and clear().
  StateBytes take() { return std::move(block_); }
  /// Goes on with a block of bytes() bytes.
  void put(StateBytes block) { block_ = std::move(block); }

 private:
  std::span<float> memory();
  [[nodiscard]] std::vector<float> copy(std::size_t from) const;

  std::size_t size_;
  StateBytes block_;
};

}  // namespace troupe
