#pragma once

#include <cstddef>

namespace troupe {

/// Floats of one logical vector on every instruction set.
constexpr int kLanes = 16;
/// Columns of one panel of a packed matrix.
constexpr int kPanel = 64;

constexpr int round_up(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }

/// C = A B or C += A B, with A [m, r], B [r, n], C [m, n].
///
/// Every element of the product is one chain of fused multiply-adds over r in ascending order that
/// starts from 0; `add` then adds it to C once. So the bits of an element depend on its row of A
/// and its column of B only.
struct Gemm {
  int m = 0;
  int n = 0;
  int r = 0;
  const float* a = nullptr;  ///< element (i, k) at a[i * a_row + k * a_col]
  std::ptrdiff_t a_row = 0;
  std::ptrdiff_t a_col = 1;
  const float* b = nullptr;  ///< element (k, j) at b[k * b_row + j], or panels if b_row == 0
  std::ptrdiff_t b_row = 0;
  float* c = nullptr;  ///< element (i, j) at c[i * c_row + j]
  std::ptrdiff_t c_row = 0;
  bool add = false;
  float* workspace = nullptr;  ///< gemm_workspace() floats; unused when B is packed
};

/// Floats of workspace that a product over r terms with an unpacked B needs.
constexpr std::size_t gemm_workspace(int r) { return static_cast<std::size_t>(r) * kPanel; }

/// What one row of attention leaves for the backward pass.
struct AttentionStats {
  float max = 0.0F;      ///< the largest score
  float inverse = 0.0F;  ///< 1 / sum exp(score - max)
};

/// The kernels of one instruction set. Sums over a row (norms, softmax, dot products) have 16
/// partial sums, lane l taking the elements l, l + 16, ... in order, which are then added in one
/// fixed tree. avx2 and avx512 give the same bits; portable has no fused multiply-add and differs.
///
/// Pointers need no alignment. Nothing is allocated; no function fails.
struct Kernels {
  const char* name;

  void (*gemm)(const Gemm& product);

  /// y = x * s * weight, s = 1 / sqrt(mean(x^2) + eps); returns s. y may be x.
  float (*rms_norm)(const float* x, const float* weight, int n, float eps, float* y);
  /// dx (+)= d(loss)/dx and dweight += d(loss)/dweight of rms_norm, given dy. dx may be dy unless
  /// `add`.
  void (*rms_norm_backward)(const float* x, const float* weight, float s, const float* dy, int n,
                            bool add, float* dx, float* dweight);
  /// In each of `heads` heads of 2 * half: rotates the pairs (x[i], x[i + half]) by the angles
  /// whose cosines and sines are given, backwards if `inverse`, and multiplies by `factor`.
  void (*rope)(float* x, int heads, const float* cosines, const float* sines, int half,
               float factor, bool inverse);
  /// out = silu(gate) * up.
  void (*swiglu)(const float* gate, const float* up, int n, float* out);
  void (*swiglu_backward)(const float* gate, const float* up, const float* dout, int n,
                          float* dgate, float* dup);

  /// Causal attention of one query of one head over the positions 0..count-1: the one function that
  /// decode, prefill and training use. keys: [ceil(count/16)][head_dim][16]; values: [count] rows
  /// of round_up(head_dim, 16); q is scaled already. scores: room for round_up(count, 16).
  AttentionStats (*attention)(const float* q, const float* keys, const float* values, int count,
                              int head_dim, float* scores, float* out);
  /// The probabilities of that row again; zeros from `count` to `width` (a multiple of 16).
  void (*attention_probabilities)(const float* q, const float* keys, int count, int head_dim,
                                  AttentionStats stats, int width, float* out);
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
  /// compare with. Returns a value that depends on all of them. FLOPs: steps * peak_vectors * 32.
  float (*peak)(long steps, float seed);
  int peak_vectors;
};

/// The table of this process: the best that the CPU has, or what TROUPE_ISA names.
const Kernels& kernels();
/// A table by name; nullptr if there is none or the CPU lacks it.
const Kernels* find_kernels(const char* name);

}  // namespace troupe
