#pragma once

#include <span>

#include "model/kernels/aligned.h"
#include "model/kernels/kernels.h"

namespace troupe {

/// A right-hand side of gemm, [r words, n], in panels of 64 columns: panel p holds the columns
/// 64p.. for all r words, row after row; the last panel is as wide as its columns rounded up to 16,
/// with zeros.
struct PanelMatrix {
  Dtype dtype = Dtype::kFp32;
  int r = 0;  ///< words
  int n = 0;
  AlignedFloats data;

  PanelMatrix() = default;
  /// The transpose of a weight that is given by its rows: n rows of `inputs` floats each.
  PanelMatrix(const Kernels& table, std::span<const float* const> rows, int inputs);
};

}  // namespace troupe
