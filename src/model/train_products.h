#pragma once

#include "model/kernels/kernels.h"

namespace troupe {

/// The two products of a linear layer's backward pass, y = x W^T, in the dtype of `table`: what
/// goes into a product is rounded to it, sums are fp32. Borrows its memory; one thread.
struct TrainProducts {
  const Kernels& table;
  float* rows;       ///< [words(longest sum)...]: row_floats(); unused in fp32
  float* pairs;      ///< pair_floats(); unused in fp32
  float* workspace;  ///< gemm_workspace(words of the longest sum)

  /// dx [m, k] (+)= dy * weight; dy [m, n] floats, rows `stride` apart; weight [n, k] floats.
  void input_gradient(const float* dy, int m, int n, int stride, const float* weight, int k,
                      bool add, float* dx) const;
  /// dweight [n, k] += dy^T * x, over the rows in order; x [m, words(k)].
  void weight_gradient(const float* dy, int m, int n, int stride, const float* x, int k,
                       float* dweight) const;

  /// Floats of `rows` and of `pairs` for gradients of at most m rows and n columns.
  static std::size_t row_floats(Dtype dtype, std::size_t m, int n);
  static std::size_t pair_floats(Dtype dtype, std::size_t m, int n);
};

}  // namespace troupe
