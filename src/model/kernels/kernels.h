#pragma once

#include <cstddef>

#include "model/dtype.h"

namespace troupe {

/// Floats of one logical vector on every instruction set.
constexpr int kLanes = 16;
/// Columns of one panel of a packed matrix.
constexpr int kPanel = 64;
/// Positions of one page of a KV cache.
constexpr int kPagePositions = 16;

constexpr int round_up(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }

/// What products are taken of comes in words of 32 bits, typed as float: with fp32 a word is one
/// element, with bf16 two neighbouring ones, the first in the low half (an odd row ends with 0).
/// Only kernels look inside. `elements_per_word` and `words` say how many.
constexpr int elements_per_word(Dtype dtype) { return dtype == Dtype::kFp32 ? 1 : 2; }
constexpr int words(Dtype dtype, int elements) {
  return (elements + elements_per_word(dtype) - 1) / elements_per_word(dtype);
}

/// C = A B or C += A B, with A [m, r] and B [r, n] in words, C [m, n] in floats.
///
/// Every element of the product is one chain of multiply-adds over r in ascending order that starts
/// from 0 (fp32: fused; bf16: both halves of a word at a time); `add` then adds it to C once. So
/// the bits of an element depend on its row of A and its column of B only.
struct Gemm {
  int m = 0;
  int n = 0;
  int r = 0;                 ///< words
  const float* a = nullptr;  ///< word (i, k) at a[i * a_row + k * a_col]
  std::ptrdiff_t a_row = 0;
  std::ptrdiff_t a_col = 1;
  const float* b = nullptr;  ///< word (k, j) at b[k * b_row + j], or panels if b_row == 0
  std::ptrdiff_t b_row = 0;
  float* c = nullptr;  ///< element (i, j) at c[i * c_row + j]
  std::ptrdiff_t c_row = 0;
  bool add = false;
  float* workspace = nullptr;  ///< gemm_workspace() floats; unused when B is packed
};

/// Floats of workspace that a product over r words with an unpacked B needs.
constexpr std::size_t gemm_workspace(int r) { return static_cast<std::size_t>(r) * kPanel; }

/// What one row of attention leaves for the backward pass.
struct AttentionStats {
  float max = 0.0F;      ///< the largest score
  float inverse = 0.0F;  ///< 1 / sum exp(score - max)
};

/// Causal attention of the query heads that share one kv head, at one position: over the positions
/// 0..count-1 of a paged cache (kv_layout.h).
struct AttentionRow {
  const float* const* pages = nullptr;  ///< one for each 16 positions
  std::ptrdiff_t keys = 0;              ///< words from a page's start to this kv head's keys
  std::ptrdiff_t values = 0;            ///< and to its values
  int count = 0;
  int head_dim = 0;
  int heads = 0;
  const float* q = nullptr;  ///< words, scaled already
  std::ptrdiff_t q_head = 0;
  float* scores = nullptr;  ///< room for heads rows of scores_head >= round_up(count, 16) floats
  std::ptrdiff_t scores_head = 0;
  float* out = nullptr;  ///< words
  std::ptrdiff_t out_head = 0;
  AttentionStats* stats = nullptr;  ///< [heads]
};

/// The kernels of one instruction set and one dtype. Sums over a row (norms, softmax, dot products)
/// have 16 partial sums, lane l taking the elements l, l + 16, ... in order, which are then added
/// in one fixed tree. In fp32, avx2 and avx512 give the same bits; portable has no fused
/// multiply-add and differs. In bf16, avx512bf16 uses the CPU's own dot product of pairs, whose
/// rounding differs.
///
/// Pointers need no alignment. Nothing is allocated; no function fails.
struct Kernels {
  const char* name;
  Dtype dtype;

  void (*gemm)(const Gemm& product);

  /// Floats to words: n elements of a row.
  void (*pack)(const float* x, int n, float* out);
  /// Two rows of floats to one row of n words that pair them, for sums over rows: fp32 copies the
  /// first row. A null second row counts as zeros.
  void (*pair_rows)(const float* first, const float* second, int n, float* out);
  /// The same from rows of words.
  void (*pair_word_rows)(const float* first, const float* second, int n, float* out);
  /// Rounds n floats to the dtype, in place.
  void (*round)(float* x, int n);
  /// Puts the value of `position` (n floats) into its row of the page's values.
  void (*store_value)(const float* x, int n, int position, float* row);

  /// y = x * s * weight, s = 1 / sqrt(mean(x^2) + eps); returns s. y may be x.
  float (*rms_norm)(const float* x, const float* weight, int n, float eps, float* y);
  /// The same into words.
  float (*rms_norm_words)(const float* x, const float* weight, int n, float eps, float* y);
  /// dx (+)= d(loss)/dx and dweight += d(loss)/dweight of rms_norm, given dy. dx may be dy unless
  /// `add`.
  void (*rms_norm_backward)(const float* x, const float* weight, float s, const float* dy, int n,
                            bool add, float* dx, float* dweight);
  /// In each of `heads` heads of 2 * half: rotates the pairs (x[i], x[i + half]) by the angles
  /// whose cosines and sines are given, backwards if `inverse`, and multiplies by `factor`.
  void (*rope)(float* x, int heads, const float* cosines, const float* sines, int half,
               float factor, bool inverse);
  /// out = silu(gate) * up, in words.
  void (*swiglu)(const float* gate, const float* up, int n, float* out);
  void (*swiglu_backward)(const float* gate, const float* up, const float* dout, int n,
                          float* dgate, float* dup);

  /// The one attention that decode, prefill and training use. The bits of a head depend on its
  /// query and on the keys and values at 0..count-1 only.
  void (*attention)(const AttentionRow& row);
  /// The probabilities of one head's row again; zeros from `count` to `width` (a multiple of 16).
  void (*attention_probabilities)(const AttentionRow& row, AttentionStats stats, int width,
                                  float* out);
  /// dscore = p * (dp - sum(p * dp)), into dp.
  void (*softmax_backward)(const float* p, float* dp, int n);

  void (*add)(const float* x, int n, float* y);  ///< y += x
  float (*max)(const float* x, int n);           ///< n > 0
  /// sum exp(x * factor - shift).
  float (*sum_exp)(const float* x, int n, float factor, float shift);
  void (*exp)(const float* x, int n, float* y);
  /// -sum exp(x) x; a term with x = -infinity counts 0.
  float (*entropy)(const float* x, int n);

  /// Runs `steps` rounds of peak_vectors independent vector multiply-adds on registers: the peak to
  /// compare with. Returns a value that depends on all of them. FLOPs: steps * peak_vectors * 32 *
  /// elements_per_word(dtype).
  float (*peak)(long steps, float seed);
  int peak_vectors;
};

/// The table of this process: the best that the CPU has, or what TROUPE_ISA names.
const Kernels& kernels(Dtype dtype = Dtype::kFp32);
/// A table by instruction set (portable, avx2, avx512, avx512bf16); nullptr if there is none or the
/// CPU lacks it.
const Kernels* find_kernels(const char* isa, Dtype dtype = Dtype::kFp32);

}  // namespace troupe
