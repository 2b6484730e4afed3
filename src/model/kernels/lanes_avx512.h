#pragma once

#include <immintrin.h>

#include <cstddef>

// Sixteen float lanes in one AVX-512 register. Only for kernels_avx512.cc.
namespace troupe {
namespace {

struct F16 {
  __m512 v;
};

// Most rows of a GEMM tile, and vectors a tile of that many rows takes (32 registers).
constexpr int kTileRows = 6;
constexpr int kTileVectors[kTileRows + 1] = {0, 4, 4, 4, 4, 4, 4};
// Heads times vectors of columns that attention sums at a time, four chains each.
constexpr int kAttentionTile = 4;
// Vectors that fit into the registers beside a factor.
constexpr int kPeakVectors = 12;

inline __mmask16 first_lanes(int n) { return static_cast<__mmask16>((1U << n) - 1U); }

inline F16 zero() { return {_mm512_setzero_ps()}; }
inline F16 broadcast(float x) { return {_mm512_set1_ps(x)}; }
inline F16 load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline void store(float* p, F16 a) { _mm512_storeu_ps(p, a.v); }
inline F16 load_first(const float* p, int n) { return {_mm512_maskz_loadu_ps(first_lanes(n), p)}; }
inline void store_first(float* p, F16 a, int n) { _mm512_mask_storeu_ps(p, first_lanes(n), a.v); }
inline F16 add(F16 a, F16 b) { return {_mm512_add_ps(a.v, b.v)}; }
inline F16 sub(F16 a, F16 b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline F16 mul(F16 a, F16 b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline F16 div(F16 a, F16 b) { return {_mm512_div_ps(a.v, b.v)}; }
inline F16 fma(F16 a, F16 b, F16 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline F16 max(F16 a, F16 b) { return {_mm512_max_ps(a.v, b.v)}; }
inline F16 min(F16 a, F16 b) { return {_mm512_min_ps(a.v, b.v)}; }
// Lanes from n on become `fill`.
inline F16 keep_first(F16 a, int n, F16 fill) {
  return {_mm512_mask_mov_ps(fill.v, first_lanes(n), a.v)};
}
// a where x >= bound or x is not a number, else 0.
inline F16 zero_below(F16 a, F16 x, F16 bound) {
  return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x.v, bound.v, _CMP_NLT_UQ), a.v)};
}
// a * 2^k, where k is in the low bits of `magic` (k + 1.5 * 2^23, as a float).
inline F16 scale_exponent(F16 a, F16 magic) {
  const __m512i shifted = _mm512_slli_epi32(_mm512_castps_si512(magic.v), 23);
  return {_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a.v), shifted))};
}

// A word holds two bf16, the first in its low half. Their values as floats:
inline F16 low_halves(F16 words) {
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(words.v), 16))};
}
inline F16 high_halves(F16 words) {
  const __m512i mask = _mm512_set1_epi32(static_cast<int>(0xffff0000U));
  return {_mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(words.v), mask))};
}
// c + a.low * b.low + a.high * b.high, lane by lane.
#ifdef TROUPE_BF16_DOT
inline F16 fma_pairs(F16 a, F16 b, F16 c) {
  return {_mm512_dpbf16_ps(c.v, (__m512bh)_mm512_castps_si512(a.v),
                           (__m512bh)_mm512_castps_si512(b.v))};
}
#else
inline F16 fma_pairs(F16 a, F16 b, F16 c) {
  return fma(high_halves(a), high_halves(b), fma(low_halves(a), low_halves(b), c));
}
#endif
// The nearest bf16, ties to even, in the high half of each lane; the low half is garbage.
inline __m512i nearest_bf16(F16 a) {
  const __m512i bits = _mm512_castps_si512(a.v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __mmask16 nan = _mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q);
  return _mm512_mask_mov_epi32(rounded, nan, _mm512_set1_epi32(0x7fc00000));
}
inline F16 round_bf16(F16 a) {
  const __m512i mask = _mm512_set1_epi32(static_cast<int>(0xffff0000U));
  return {_mm512_castsi512_ps(_mm512_and_si512(nearest_bf16(a), mask))};
}
// Words of rounded pairs.
inline F16 join_halves(F16 low, F16 high) {
  const __m512i mask = _mm512_set1_epi32(static_cast<int>(0xffff0000U));
  return {_mm512_castsi512_ps(_mm512_or_si512(_mm512_srli_epi32(nearest_bf16(low), 16),
                                              _mm512_and_si512(nearest_bf16(high), mask)))};
}
// From words a and b, the words (a.low, b.low), (a.high, b.high) of each lane, in order: the first
// sixteen and the last.
inline void weave_halves(F16 a, F16 b, F16& first, F16& last) {
  const __m512i mask = _mm512_set1_epi32(static_cast<int>(0xffff0000U));
  const __m512i x = _mm512_castps_si512(a.v);
  const __m512i y = _mm512_castps_si512(b.v);
  const __m512i low = _mm512_or_si512(_mm512_andnot_si512(mask, x), _mm512_slli_epi32(y, 16));
  const __m512i high = _mm512_or_si512(_mm512_srli_epi32(x, 16), _mm512_and_si512(mask, y));
  const __m512i head = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i tail = _mm512_add_epi32(head, _mm512_set1_epi32(8));
  first = {_mm512_castsi512_ps(_mm512_permutex2var_epi32(low, head, high))};
  last = {_mm512_castsi512_ps(_mm512_permutex2var_epi32(low, tail, high))};
}
// Sixteen bf16, side by side.
inline void store_bf16(void* p, F16 a) {
  const __m256i halves = _mm512_cvtepi32_epi16(_mm512_srli_epi32(nearest_bf16(a), 16));
  _mm256_storeu_si256(static_cast<__m256i*>(p), halves);
}

inline float sum_lanes(F16 a) {
  const __m256 high = _mm512_extractf32x8_ps(a.v, 1);
  const __m256 e = _mm256_add_ps(_mm512_castps512_ps256(a.v), high);
  __m128 q = _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
  q = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(q, _mm_shuffle_ps(q, q, 1)));
}

inline float max_lanes(F16 a) {
  const __m256 high = _mm512_extractf32x8_ps(a.v, 1);
  const __m256 e = _mm256_max_ps(_mm512_castps512_ps256(a.v), high);
  __m128 q = _mm_max_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
  q = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(q, _mm_shuffle_ps(q, q, 1)));
}

}  // namespace
}  // namespace troupe
