#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "model/dtype.h"

namespace troupe::bench {

/// Bytes a second with which `threads` threads read a buffer of `bytes` again and again, each its
/// own part of it: from memory if it is large, from a cache if it fits. Of more than 256 MiB it
/// touches so many, far beyond the last cache. Best of a few rounds.
double read_bandwidth(std::size_t bytes, int threads);
/// a[i] = b[i] + s * c[i] over three arrays of `bytes` each; counts three times `bytes`, as STREAM
/// does (McCalpin 1995): what a store reads first is not counted.
double triad_bandwidth(std::size_t bytes, int threads);
/// FLOP/s of matrix products, the bar of all that is limited by arithmetic: the reference library's
/// at `size` cubed with packed weights; without one, the engine's multiply-adds on registers times
/// the threads.
class GemmPeak {
 public:
  explicit GemmPeak(int size);
  ~GemmPeak();
  /// Measured now: the best of some products of 60 ms in all, because only a short product finds a
  /// shared machine free.
  double measure(Dtype dtype, int threads);
  /// Says which of the two it is.
  [[nodiscard]] static std::string source();

 private:
  struct Product;
  int size_;
  std::map<std::pair<Dtype, int>, std::unique_ptr<Product>> products_;
};

}  // namespace troupe::bench
