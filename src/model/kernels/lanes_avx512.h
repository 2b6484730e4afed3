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
