#pragma once

#include "model/kernels/aligned.h"
#include "model/kernels/kernels.h"

namespace troupe {

/// A right-hand side of gemm, [r, n], in panels of 64 columns: panel p holds the columns 64p.. for
/// all r rows, row after row; the last panel is as wide as its columns rounded up to 16, with
/// zeros.
struct PanelMatrix {
  int r = 0;
  int n = 0;
  AlignedFloats data;

  PanelMatrix() = default;
  PanelMatrix(int rows, int columns)
      : r(rows),
        n(columns),
        data(static_cast<std::size_t>(rows) * static_cast<std::size_t>(round_up(columns, kLanes))) {
  }

  /// Puts the transpose of `weight` [outputs, r] into the columns first..first+outputs-1.
  void put_transposed(const float* weight, int outputs, int first) {
    for (int o = 0; o < outputs; ++o) {
      const int j = first + o;
      const int start = j / kPanel * kPanel;
      const int width = n - start < kPanel ? round_up(n - start, kLanes) : kPanel;
      float* to =
          data.data() + static_cast<std::size_t>(start) * static_cast<std::size_t>(r) + (j - start);
      for (int k = 0; k < r; ++k) {
        *to = *weight++;
        to += width;
      }
    }
  }
};

}  // namespace troupe
