#include "model/kernels/panels.h"

#include <algorithm>

namespace troupe {
namespace {

constexpr int kBlock = 64;  // words of a weight's rows that are turned at a time

}  // namespace

PanelMatrix::PanelMatrix(const Kernels& table, std::span<const float* const> rows, int inputs)
    : dtype(table.dtype),
      r(words(table.dtype, inputs)),
      n(static_cast<int>(rows.size())),
      data(static_cast<std::size_t>(r) * static_cast<std::size_t>(round_up(n, kLanes))) {
  const int per_word = elements_per_word(dtype);
  float turned[kBlock];
  for (int start = 0; start < n; start += kPanel) {
    const int columns = std::min(kPanel, n - start);
    const int width = round_up(columns, kLanes);
    float* panel = data.data() + static_cast<std::ptrdiff_t>(start) * r;
    for (int first = 0; first < r; first += kBlock) {
      const int count = std::min(kBlock, r - first);
      const int elements = std::min(count * per_word, inputs - first * per_word);
      for (int j = 0; j < columns; ++j) {
        const float* row = rows[static_cast<std::size_t>(start + j)] + first * per_word;
        table.pack(row, elements, turned);
        float* to = panel + static_cast<std::ptrdiff_t>(first) * width + j;
        for (int k = 0; k < count; ++k) to[static_cast<std::ptrdiff_t>(k) * width] = turned[k];
      }
    }
  }
}

}  // namespace troupe
