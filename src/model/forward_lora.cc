#include <algorithm>

#include "model/forward.h"

namespace troupe {
namespace {

std::ptrdiff_t times(int a, int b) { return static_cast<std::ptrdiff_t>(a) * b; }

// Calls body(adapter, first row, rows) for each run of rows first..last-1 with one adapter.
template <class Body>
void each_run(std::span<const RowRange> ranges, Share own, Body body) {
  int row = 0;
  int first = 0;
  const PackedLora* adapter = nullptr;
  const auto end_run = [&](int end) {
    const int begin = std::max(first, own.begin);
    const int last = std::min(end, own.end);
    if (adapter != nullptr && begin < last) body(*adapter, begin, last - begin);
  };
  for (const RowRange& range : ranges) {
    if (range.adapter != adapter) {
      end_run(row);
      adapter = range.adapter;
      first = row;
    }
    row += range.rows;
  }
  end_run(row);
}

}  // namespace

bool ForwardPass::adapts(LoraTarget target) const {
  return rank > 0 && std::any_of(ranges.begin(), ranges.end(), [&](const RowRange& range) {
           return range.adapter != nullptr && range.adapter->settings.has(target);
         });
}

void ForwardPass::adapter_down(int index, LoraInput input, const float* x, const LayerBuffers& at,
                               Share own) const {
  const Kernels& table = *model.table;
  const LoraReaders readers = lora_readers(input);
  const int low_words = words(table.dtype, rank);
  const int stride = kLoraReaders * rank;
  each_run(ranges, own, [&](const PackedLora& adapter, int first, int count) {
    const PackedLora::Layer& layer = adapter.layers[static_cast<std::size_t>(index)];
    const PanelMatrix& down = layer.down[static_cast<std::size_t>(input)];
    if (down.n == 0) return;
    Gemm g;
    g.m = count;
    g.n = down.n;
    g.r = down.r;
    g.a = x + times(first, down.r);
    g.a_row = down.r;
    g.b = down.data.data();
    g.c = at.low_sums + times(first, stride);
    g.c_row = stride;
    table.gemm(g);
    const int own_rank = adapter.settings.rank;
    for (int i = first; i < first + count; ++i) {
      float* sums = at.low_sums + times(i, stride);
      for (int j = 0; j < down.n; ++j) sums[j] *= adapter.scale;
      for (int t = readers.first; t < readers.first + readers.count; ++t) {
        const auto target = static_cast<LoraTarget>(t);
        if (!adapter.settings.has(target)) continue;
        table.pack(sums, own_rank, low_rows(at, target, rows, low_words) + times(i, low_words));
        sums += own_rank;
      }
    }
  });
}

void ForwardPass::adapter_up(int index, LoraTarget target, const LayerBuffers& at, Share columns,
                             float* y, int stride) const {
  if (rank == 0) return;
  const Kernels& table = *model.table;
  const int low_words = words(table.dtype, rank);
  each_run(ranges, {0, rows}, [&](const PackedLora& adapter, int first, int count) {
    const PackedLora::Up& up =
        adapter.layers[static_cast<std::size_t>(index)].up[static_cast<std::size_t>(target)];
    const int begin = std::max(columns.begin, up.first_column);
    const int end = std::min(columns.end, up.first_column + up.b.n);
    if (begin >= end) return;
    Gemm g;
    g.m = count;
    g.n = end - begin;
    g.r = up.b.r;
    g.a = low_rows(at, target, rows, low_words) + times(first, low_words);
    g.a_row = low_words;
    g.b = up.b.data.data() + times(begin - up.first_column, up.b.r);
    g.c = y + times(first, stride) + begin;
    g.c_row = stride;
    g.add = true;
    table.gemm(g);
  });
}

}  // namespace troupe
