#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// Sixteen float lanes in plain C++ and the compilers' own four-lane vectors. fma is a
// multiplication and then an addition, so that the result does not depend on the machine. Only for
// kernels_portable.cc.
namespace troupe {
namespace {

typedef float Float4 __attribute__((vector_size(16)));
typedef std::uint32_t Bits4 __attribute__((vector_size(16)));

struct F16 {
  Float4 q[4];
};

// Most rows of a GEMM tile, and vectors a tile of that many rows takes (16 short registers).
constexpr int kTileRows = 2;
constexpr int kTileVectors[kTileRows + 1] = {0, 2, 1};
// Heads times vectors of columns that attention sums at a time, four chains each.
constexpr int kAttentionTile = 1;
// Vectors that fit into the registers beside a factor.
constexpr int kPeakVectors = 3;

inline F16 broadcast(float x) {
  const Float4 four = {x, x, x, x};
  return {{four, four, four, four}};
}
inline F16 zero() { return broadcast(0.0F); }
inline F16 load(const float* p) {
  F16 a;
  std::memcpy(&a, p, sizeof a);
  return a;
}
inline void store(float* p, F16 a) { std::memcpy(p, &a, sizeof a); }
inline F16 load_first(const float* p, int n) {
  float lanes[16] = {};
  for (int l = 0; l < n; ++l) lanes[l] = p[l];
  return load(lanes);
}
inline void store_first(float* p, F16 a, int n) {
  float lanes[16];
  store(lanes, a);
  for (int l = 0; l < n; ++l) p[l] = lanes[l];
}
inline F16 add(F16 a, F16 b) {
  return {{a.q[0] + b.q[0], a.q[1] + b.q[1], a.q[2] + b.q[2], a.q[3] + b.q[3]}};
}
inline F16 sub(F16 a, F16 b) {
  return {{a.q[0] - b.q[0], a.q[1] - b.q[1], a.q[2] - b.q[2], a.q[3] - b.q[3]}};
}
inline F16 mul(F16 a, F16 b) {
  return {{a.q[0] * b.q[0], a.q[1] * b.q[1], a.q[2] * b.q[2], a.q[3] * b.q[3]}};
}
inline F16 div(F16 a, F16 b) {
  return {{a.q[0] / b.q[0], a.q[1] / b.q[1], a.q[2] / b.q[2], a.q[3] / b.q[3]}};
}
inline F16 fma(F16 a, F16 b, F16 c) { return add(mul(a, b), c); }
// The second operand where either is not a number, as x86 has it.
inline F16 max(F16 a, F16 b) {
  F16 c;
  for (int i = 0; i < 4; ++i) c.q[i] = a.q[i] > b.q[i] ? a.q[i] : b.q[i];
  return c;
}
inline F16 min(F16 a, F16 b) {
  F16 c;
  for (int i = 0; i < 4; ++i) c.q[i] = a.q[i] < b.q[i] ? a.q[i] : b.q[i];
  return c;
}
// Lanes from n on become `fill`.
inline F16 keep_first(F16 a, int n, F16 fill) {
  float lanes[16];
  store(lanes, fill);
  store_first(lanes, a, n);
  return load(lanes);
}
// a where x >= bound or x is not a number, else 0.
inline F16 zero_below(F16 a, F16 x, F16 bound) {
  const Float4 none = {0.0F, 0.0F, 0.0F, 0.0F};
  F16 c;
  for (int i = 0; i < 4; ++i) c.q[i] = x.q[i] < bound.q[i] ? none : a.q[i];
  return c;
}
// a * 2^k, where k is in the low bits of `magic` (k + 1.5 * 2^23, as a float).
inline F16 scale_exponent(F16 a, F16 magic) {
  F16 c;
  for (int i = 0; i < 4; ++i) {
    Bits4 bits;
    Bits4 shift;
    std::memcpy(&bits, &a.q[i], sizeof bits);
    std::memcpy(&shift, &magic.q[i], sizeof shift);
    bits += shift << 23;
    std::memcpy(&c.q[i], &bits, sizeof bits);
  }
  return c;
}

// A word holds two bf16, the first in its low half. Their values as floats:
inline F16 low_halves(F16 words) {
  for (int i = 0; i < 4; ++i) words.q[i] = (Float4)((Bits4)words.q[i] << 16);
  return words;
}
inline F16 high_halves(F16 words) {
  for (int i = 0; i < 4; ++i) words.q[i] = (Float4)((Bits4)words.q[i] & 0xffff0000U);
  return words;
}
// c + a.low * b.low + a.high * b.high, lane by lane.
inline F16 fma_pairs(F16 a, F16 b, F16 c) {
  return fma(high_halves(a), high_halves(b), fma(low_halves(a), low_halves(b), c));
}
// The nearest bf16, ties to even, in the high half of each lane; the low half is garbage.
inline Bits4 nearest_bf16(Float4 a) {
  const Bits4 bits = (Bits4)a;
  const Bits4 rounded = bits + 0x7fffU + ((bits >> 16) & 1U);
  const Bits4 nan = (Bits4)(a != a);
  return (rounded & ~nan) | (0x7fc00000U & nan);
}
inline F16 round_bf16(F16 a) {
  for (int i = 0; i < 4; ++i) a.q[i] = (Float4)(nearest_bf16(a.q[i]) & 0xffff0000U);
  return a;
}
// Words of rounded pairs.
inline F16 join_halves(F16 low, F16 high) {
  F16 words;
  for (int i = 0; i < 4; ++i) {
    words.q[i] = (Float4)((nearest_bf16(low.q[i]) >> 16) | (nearest_bf16(high.q[i]) & 0xffff0000U));
  }
  return words;
}
// From words a and b, the words (a.low, b.low), (a.high, b.high) of each lane, in order: the first
// sixteen and the last.
inline void weave_halves(F16 a, F16 b, F16& first, F16& last) {
  std::uint32_t x[16];
  std::uint32_t y[16];
  std::uint32_t woven[32];
  std::memcpy(x, &a, sizeof x);
  std::memcpy(y, &b, sizeof y);
  for (int l = 0; l < 16; ++l) {
    woven[2 * l] = (x[l] & 0xffffU) | (y[l] << 16);
    woven[2 * l + 1] = (x[l] >> 16) | (y[l] & 0xffff0000U);
  }
  std::memcpy(&first, woven, sizeof first);
  std::memcpy(&last, woven + 16, sizeof last);
}
// Sixteen bf16, side by side.
inline void store_bf16(void* p, F16 a) {
  std::uint16_t halves[16];
  for (int l = 0; l < 16; ++l) {
    halves[l] = static_cast<std::uint16_t>(nearest_bf16(a.q[l / 4])[l % 4] >> 16);
  }
  std::memcpy(p, halves, sizeof halves);
}

inline float sum_lanes(F16 a) {
  const Float4 q = (a.q[0] + a.q[2]) + (a.q[1] + a.q[3]);
  return (q[0] + q[2]) + (q[1] + q[3]);
}

inline float max_lanes(F16 a) {
  float lanes[16];
  store(lanes, a);
  float most = lanes[0];
  for (int l = 1; l < 16; ++l) most = lanes[l] > most ? lanes[l] : most;
  return most;
}

}  // namespace
}  // namespace troupe
