#include "model/train_products.h"

#include <algorithm>

namespace troupe {
namespace {

std::ptrdiff_t times(int a, int b) { return static_cast<std::ptrdiff_t>(a) * b; }

}  // namespace

std::size_t TrainProducts::row_floats(Dtype dtype, std::size_t m, int n) {
  return dtype == Dtype::kFp32 ? 0 : m * static_cast<std::size_t>(words(dtype, n));
}

std::size_t TrainProducts::pair_floats(Dtype dtype, std::size_t m, int n) {
  return dtype == Dtype::kFp32 ? 0 : (m + 1) / 2 * static_cast<std::size_t>(n);
}

void TrainProducts::input_gradient(const float* dy, int m, int n, int stride, const float* weight,
                                   int k, bool add, float* dx) const {
  Gemm g;
  g.m = m;
  g.n = k;
  g.r = words(table.dtype, n);
  g.a = dy;
  g.a_row = stride;
  g.b = weight;
  g.b_row = k;
  g.c = dx;
  g.c_row = k;
  g.add = add;
  g.workspace = workspace;
  if (table.dtype == Dtype::kFp32) {
    table.gemm(g);
    return;
  }
  for (int i = 0; i < m; ++i) table.pack(dy + times(i, stride), n, rows + times(i, g.r));
  g.a = rows;
  g.a_row = g.r;
  g.b = workspace;
  g.b_row = 0;
  for (int j = 0; j < k; j += kPanel) {
    g.n = std::min(kPanel, k - j);
    const int width = round_up(g.n, kLanes);
    for (int t = 0; t < g.r; ++t) {
      const float* first = weight + times(2 * t, k) + j;
      table.pair_rows(first, 2 * t + 1 < n ? first + k : nullptr, g.n, workspace + times(t, width));
    }
    g.c = dx + j;
    table.gemm(g);
  }
}

void TrainProducts::weight_gradient(const float* dy, int m, int n, int stride, const float* x,
                                    int k, float* dweight) const {
  Gemm g;
  g.m = n;
  g.n = k;
  g.r = words(table.dtype, m);
  g.a = dy;
  g.a_row = 1;
  g.a_col = stride;
  g.b = x;
  g.b_row = k;
  g.c = dweight;
  g.c_row = k;
  g.add = true;
  g.workspace = workspace;
  if (table.dtype == Dtype::kFp32) {
    table.gemm(g);
    return;
  }
  for (int t = 0; t < g.r; ++t) {
    const float* first = dy + times(2 * t, stride);
    table.pair_rows(first, 2 * t + 1 < m ? first + stride : nullptr, n, pairs + times(t, n));
  }
  g.a = pairs;
  g.a_col = n;
  g.b = workspace;
  g.b_row = 0;
  const int row = words(table.dtype, k);
  for (int j = 0; j < k; j += kPanel) {
    g.n = std::min(kPanel, k - j);
    const int width = round_up(g.n, kLanes);
    for (int t = 0; t < g.r; ++t) {
      const float* first = x + times(2 * t, row) + j / 2;
      table.pair_word_rows(first, 2 * t + 1 < m ? first + row : nullptr, g.n,
                           workspace + times(t, width));
    }
    g.c = dweight + j;
    table.gemm(g);
  }
}

}  // namespace troupe
