#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

// Sixteen float lanes in two AVX2 registers. Only for kernels_avx2.cc.
namespace troupe {
namespace {

struct F16 {
  __m256 lo, hi;
};

// Most rows of a GEMM tile, and vectors a tile of that many rows takes (16 registers).
constexpr int kTileRows = 6;
constexpr int kTileVectors[kTileRows + 1] = {0, 4, 2, 2, 1, 1, 1};
// Heads times vectors of columns that attention sums at a time, four chains each.
constexpr int kAttentionTile = 1;
// Vectors that fit into the registers beside a factor.
constexpr int kPeakVectors = 6;

// All bits set in the lanes (from `first` on) whose number is below n.
inline __m256i lanes_below(int n, int first) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n - first), lane);
}

inline F16 zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
inline F16 broadcast(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline F16 load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void store(float* p, F16 a) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
inline F16 load_first(const float* p, int n) {
  return {_mm256_maskload_ps(p, lanes_below(n, 0)), _mm256_maskload_ps(p + 8, lanes_below(n, 8))};
}
inline void store_first(float* p, F16 a, int n) {
  _mm256_maskstore_ps(p, lanes_below(n, 0), a.lo);
  _mm256_maskstore_ps(p + 8, lanes_below(n, 8), a.hi);
}
inline F16 add(F16 a, F16 b) { return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)}; }
inline F16 sub(F16 a, F16 b) { return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)}; }
inline F16 mul(F16 a, F16 b) { return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)}; }
inline F16 div(F16 a, F16 b) { return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)}; }
inline F16 fma(F16 a, F16 b, F16 c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
inline F16 max(F16 a, F16 b) { return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)}; }
inline F16 min(F16 a, F16 b) { return {_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)}; }
// Lanes from n on become `fill`.
inline F16 keep_first(F16 a, int n, F16 fill) {
  return {_mm256_blendv_ps(fill.lo, a.lo, _mm256_castsi256_ps(lanes_below(n, 0))),
          _mm256_blendv_ps(fill.hi, a.hi, _mm256_castsi256_ps(lanes_below(n, 8)))};
}
// a where x >= bound or x is not a number, else 0.
inline F16 zero_below(F16 a, F16 x, F16 bound) {
  return {_mm256_and_ps(a.lo, _mm256_cmp_ps(x.lo, bound.lo, _CMP_NLT_UQ)),
          _mm256_and_ps(a.hi, _mm256_cmp_ps(x.hi, bound.hi, _CMP_NLT_UQ))};
}
inline __m256 scale_exponent_half(__m256 a, __m256 magic) {
  const __m256i shifted = _mm256_slli_epi32(_mm256_castps_si256(magic), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), shifted));
}
// a * 2^k, where k is in the low bits of `magic` (k + 1.5 * 2^23, as a float).
inline F16 scale_exponent(F16 a, F16 magic) {
  return {scale_exponent_half(a.lo, magic.lo), scale_exponent_half(a.hi, magic.hi)};
}

// A word holds two bf16, the first in its low half. Their values as floats:
inline F16 low_halves(F16 words) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(words.lo), 16)),
          _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(words.hi), 16))};
}
inline __m256 high_half_bits(__m256i bits) {
  const __m256i mask = _mm256_set1_epi32(static_cast<int>(0xffff0000U));
  return _mm256_castsi256_ps(_mm256_and_si256(bits, mask));
}
inline F16 high_halves(F16 words) {
  return {high_half_bits(_mm256_castps_si256(words.lo)),
          high_half_bits(_mm256_castps_si256(words.hi))};
}
// c + a.low * b.low + a.high * b.high, lane by lane.
inline F16 fma_pairs(F16 a, F16 b, F16 c) {
  return fma(high_halves(a), high_halves(b), fma(low_halves(a), low_halves(b), c));
}
// The nearest bf16, ties to even, in the high half of each lane; the low half is garbage.
inline __m256i nearest_bf16(__m256 a) {
  const __m256i bits = _mm256_castps_si256(a);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(a, a, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(rounded, _mm256_set1_epi32(0x7fc00000), nan);
}
inline F16 round_bf16(F16 a) {
  return {high_half_bits(nearest_bf16(a.lo)), high_half_bits(nearest_bf16(a.hi))};
}
// Words of rounded pairs.
inline F16 join_halves(F16 low, F16 high) {
  const __m256i first = _mm256_srli_epi32(nearest_bf16(low.lo), 16);
  const __m256i second = _mm256_srli_epi32(nearest_bf16(low.hi), 16);
  return {_mm256_or_ps(_mm256_castsi256_ps(first), high_half_bits(nearest_bf16(high.lo))),
          _mm256_or_ps(_mm256_castsi256_ps(second), high_half_bits(nearest_bf16(high.hi)))};
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
  const __m256i packed = _mm256_packus_epi32(_mm256_srli_epi32(nearest_bf16(a.lo), 16),
                                             _mm256_srli_epi32(nearest_bf16(a.hi), 16));
  _mm256_storeu_si256(static_cast<__m256i*>(p), _mm256_permute4x64_epi64(packed, 0xd8));
}

inline float sum_lanes(F16 a) {
  const __m256 e = _mm256_add_ps(a.lo, a.hi);
  __m128 q = _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
  q = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(q, _mm_shuffle_ps(q, q, 1)));
}

inline float max_lanes(F16 a) {
  const __m256 e = _mm256_max_ps(a.lo, a.hi);
  __m128 q = _mm_max_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
  q = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(q, _mm_shuffle_ps(q, q, 1)));
}

}  // namespace
}  // namespace troupe
