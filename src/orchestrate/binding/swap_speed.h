#pragma once

#include <cstdint>

#include "base/executor.h"
#include "versions/tiers/tier_store.h"

namespace troupe {

/// How fast states move, as measured so far: exponential averages with weight 1/4 of nanoseconds
/// per byte, by where a state comes from. Before the first swap: 4 GB/s in memory, 0.5 GB/s from
/// disk.
class SwapSpeed {
 public:
  [[nodiscard]] Nanos in(std::uint64_t bytes, Place from) const {
    return scaled(from == Place::kDisk ? disk_ : host_, bytes);
  }
  [[nodiscard]] Nanos out(std::uint64_t bytes) const { return scaled(out_, bytes); }

  void brought(std::uint64_t bytes, Place from, Nanos took) {
    learn(from == Place::kDisk ? disk_ : host_, bytes, took);
  }
  void put_away(std::uint64_t bytes, Nanos took) { learn(out_, bytes, took); }

 private:
  static Nanos scaled(double per_byte, std::uint64_t bytes) {
    return static_cast<Nanos>(per_byte * static_cast<double>(bytes));
  }
  static void learn(double& per_byte, std::uint64_t bytes, Nanos took) {
    if (bytes == 0) return;
    per_byte += (static_cast<double>(took) / static_cast<double>(bytes) - per_byte) / 4;
  }

  double host_ = 0.25, disk_ = 2.0, out_ = 0.25;
};

}  // namespace troupe
