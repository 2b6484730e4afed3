#pragma once

// The matrix product, written once against the lanes of one instruction set (kernels.h has the
// contract). B is always walked in panels of at most 64 columns that are contiguous in memory.

namespace troupe {
namespace {

// One tile of C: kRows rows by kVectors vectors of columns; the last vector has `last` lanes.
template <class D, int kRows, int kVectors>
void gemm_tile(const Gemm& g, const float* a, const float* b, std::ptrdiff_t width, float* c,
               int last) {
  F16 sum[kRows][kVectors];
  TROUPE_UNROLL
  for (int i = 0; i < kRows; ++i) {
    TROUPE_UNROLL
    for (int v = 0; v < kVectors; ++v) sum[i][v] = zero();
  }
  const std::ptrdiff_t a_row = g.a_row;
  const std::ptrdiff_t a_col = g.a_col;
  for (int k = 0; k < g.r; ++k) {
    F16 column[kVectors];
    TROUPE_UNROLL
    for (int v = 0; v < kVectors; ++v) column[v] = load(b + v * kLanes);
    TROUPE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const F16 factor = broadcast(a[i * a_row]);
      TROUPE_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = D::mac(factor, column[v], sum[i][v]);
    }
    a += a_col;
    b += width;
  }
  TROUPE_UNROLL
  for (int i = 0; i < kRows; ++i) {
    float* row = c + i * g.c_row;
    TROUPE_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      float* out = row + v * kLanes;
      if (v + 1 == kVectors && last < kLanes) {
        const F16 before = g.add ? load_first(out, last) : zero();
        store_first(out, g.add ? add(before, sum[i][v]) : sum[i][v], last);
      } else {
        store(out, g.add ? add(load(out), sum[i][v]) : sum[i][v]);
      }
    }
  }
}

using TileFunction = void (*)(const Gemm&, const float*, const float*, std::ptrdiff_t, float*, int);

template <class D, int kRows>
TileFunction tile_of(int vectors) {
  constexpr int kMost = kTileVectors[kRows];
  if (vectors >= 4 && kMost >= 4) return gemm_tile<D, kRows, (kMost >= 4 ? 4 : 1)>;
  if (vectors >= 3 && kMost >= 3) return gemm_tile<D, kRows, (kMost >= 3 ? 3 : 1)>;
  if (vectors >= 2 && kMost >= 2) return gemm_tile<D, kRows, (kMost >= 2 ? 2 : 1)>;
  return gemm_tile<D, kRows, 1>;
}

template <class D>
inline TileFunction find_tile(int rows, int vectors) {
  switch (rows) {
    case 1:
      return tile_of<D, 1>(vectors);
    case 2:
      return tile_of<D, 2>(vectors);
    case 3:
      return tile_of<D, (kTileRows >= 3 ? 3 : 1)>(vectors);
    case 4:
      return tile_of<D, (kTileRows >= 4 ? 4 : 1)>(vectors);
    case 5:
      return tile_of<D, (kTileRows >= 5 ? 5 : 1)>(vectors);
    default:
      return tile_of<D, (kTileRows >= 6 ? 6 : 1)>(vectors);
  }
}

// All rows of C for one panel of `columns` columns.
template <class D>
inline void gemm_panel(const Gemm& g, const float* panel, std::ptrdiff_t width, int columns,
                       float* c) {
  const int vectors = round_up(columns, kLanes) / kLanes;
  for (int i = 0; i < g.m;) {
    const int rows = g.m - i < kTileRows ? g.m - i : kTileRows;
    for (int v = 0; v < vectors;) {
      const int most = kTileVectors[rows];
      const int take = vectors - v < most ? vectors - v : most;
      const int covered = (v + take) * kLanes;
      const int last = covered <= columns ? kLanes : columns - (covered - kLanes);
      find_tile<D>(rows, take)(g, g.a + i * g.a_row, panel + v * kLanes, width,
                               c + i * g.c_row + v * kLanes, last);
      v += take;
    }
    i += rows;
  }
}

// Copies `columns` columns of an unpacked B into a panel, zeros up to `width`.
inline void copy_panel(const float* b, std::ptrdiff_t b_row, int r, int columns, int width,
                       float* panel) {
  for (int k = 0; k < r; ++k) {
    int j = 0;
    for (; j + kLanes <= columns; j += kLanes) store(panel + j, load(b + j));
    if (j < width) store(panel + j, load_first(b + j, columns - j));
    b += b_row;
    panel += width;
  }
}

template <class D>
void gemm(const Gemm& g) {
  for (int j = 0; j < g.n; j += kPanel) {
    const int columns = g.n - j < kPanel ? g.n - j : kPanel;
    const int width = round_up(columns, kLanes);
    const float* panel = g.b + j;
    if (g.b_row == 0) {
      panel = g.b + static_cast<std::ptrdiff_t>(j) * g.r;
    } else if (g.b_row != width || columns != width) {
      copy_panel(g.b + j, g.b_row, g.r, columns, width, g.workspace);
      panel = g.workspace;
    }
    gemm_panel<D>(g, panel, width, columns, g.c + j);
  }
}

template <class D>
float peak(long steps, float seed) {
  const F16 factor = broadcast(seed);
  float start[kLanes];  // lanes that differ, or a compiler would compute equal registers once
  for (int l = 0; l < kLanes; ++l) start[l] = seed * static_cast<float>(l + 1);
  F16 sum[kPeakVectors];
  TROUPE_UNROLL
  for (int i = 0; i < kPeakVectors; ++i)
    sum[i] = mul(load(start), broadcast(static_cast<float>(i)));
  for (long s = 0; s < steps; ++s) {
    TROUPE_UNROLL
    for (int i = 0; i < kPeakVectors; ++i) sum[i] = D::mac(factor, factor, sum[i]);
  }
  for (int i = 1; i < kPeakVectors; ++i) sum[0] = add(sum[0], sum[i]);
  return sum_lanes(sum[0]);
}

}  // namespace
}  // namespace troupe
