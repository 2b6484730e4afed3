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
