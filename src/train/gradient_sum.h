#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace troupe {

/// A sum of gradients that no order of addition can change: each value is rounded once to a fixed
/// point (a multiple of 2^-42) and added as an integer, which is exact. So the sum over a global
/// batch has the same bits whatever the order of arrival, the threads and the micro-batches.
///
/// Price: 8 bytes per parameter and worker, and one conversion per parameter and group. Resolution
/// 2.3e-13 absolute. Values must stay below 1024 in size and at most 2,047 gradients may be added;
/// a larger, infinite or NaN value marks the sum as not finite. Not thread-safe.
class GradientSum {
 public:
  explicit GradientSum(std::size_t size) : units_(size, 0) {}

  static constexpr int kMaxTerms = 2047;

  void add(std::span<const float> gradient);
  void merge(const GradientSum& other);
  void clear();
  /// out = scale * sum.
  void read(double scale, std::span<float> out) const;
  [[nodiscard]] bool finite() const { return finite_; }

  /// The sum as it is, so that it can lie elsewhere for a while: its bytes, into and out of memory
  /// of that size.
  [[nodiscard]] std::size_t size() const { return units_.size(); }
  [[nodiscard]] std::uint64_t bytes() const { return (units_.size() + 1) * sizeof(std::int64_t); }
  void store(std::span<char> out) const;
  void load(std::span<const char> in);

  struct Scaled {
    const GradientSum* sum;
    double scale;
  };
  /// out = sum of scale * sum over the terms, rounded once. All have the size of `out`.
  static void read(std::span<const Scaled> terms, std::span<float> out);

 private:
  std::vector<std::int64_t> units_;
  bool finite_ = true;
};

}  // namespace troupe
