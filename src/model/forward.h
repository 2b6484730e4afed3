#pragma once

#include <span>
#include <vector>

#include "base/crew.h"
#include "model/decoder.h"
#include "model/decoder_packed.h"
#include "model/lora_packed.h"

namespace troupe {

/// Consecutive rows of one sequence in a pass: they are its positions start..start+rows-1, and its
/// pages hold the positions before.
struct RowRange {
  float* const* pages;
  int start;
  int rows;
  const PackedLora* adapter = nullptr;  ///< on the base; null: the base alone
};

/// The share of `n` things that a part of a crew takes.
struct Share {
  int begin;
  int end;
};

/// Where one layer of a pass reads and writes; m rows. Rollout gives every layer the same memory,
/// training its own, to find it again in the backward pass. `words` are of the decoder's dtype.
struct LayerBuffers {
  float* x;          ///< [m, width] residual stream on entry
  float* h1;         ///< [m, words(width)] normalised
  float* s1;         ///< [m] scale of the norm
  float* qkv;        ///< [m, (heads + 2 kv_heads) * head_dim]; q rotated and scaled, k rotated,
                     ///< all three rounded to the dtype
  float* qk_raw;     ///< [m, (heads + kv_heads) * head_dim] before QK-norm; unused without
  float* qk_s;       ///< [m, heads + kv_heads] scales of the QK-norms; unused without
  float* attention;  ///< [m, words(heads * head_dim)]
  AttentionStats* stats;  ///< [m, heads]
  float* x_mid;           ///< [m, width] after attention; may be x
  float* h2;              ///< [m, words(width)]
  float* s2;              ///< [m]
  float* gate;            ///< [m, ffn]
  float* up;              ///< [m, ffn]
  float* act;             ///< [m, words(ffn)]
  float* x_out;           ///< [m, width] after the layer; may be x_mid
  // With adapters, `rank` of the pass: scale * A x of each target in words, and its sums before.
  float* low = nullptr;       ///< [kLoraTargets, m, words(rank)]
  float* low_sums = nullptr;  ///< [m, kLoraReaders * rank]
};

/// The one forward pass of rollout and training. No state of its own; the caller owns all memory.
/// The parts of a crew divide the rows or columns of products and the heads of attention among
/// them, never a sum. What an adapter adds to a row depends on this row and this adapter only.
struct ForwardPass {
  const Decoder::Packed& model;
  std::span<const RowRange> ranges;
  int rows;        ///< of all ranges
  float* cosines;  ///< [rows, head_dim / 2] of each row's position; embed() writes them
  float* sines;
  float* scratch;  ///< [crew size, part_floats()]
  int longest;     ///< the longest context
  Crew& crew;
  int rank = 0;  ///< the highest of all adapters; 0: there are none

  /// The first step: rows of the embedding, [rows, width].
  void embed(std::span<const TokenId> tokens, float* x) const;
  void layer(int index, const LayerBuffers& at) const;
  /// Logits of `n` rows that are gathered in x [n, width]. h [n, words(width)] and s [n] are kept
  /// for the backward pass.
  void head(const float* x, int n, float* h, float* s, float* logits) const;

  /// Scratch that each part needs.
  [[nodiscard]] static std::size_t part_floats(const ModelConfig& c, int longest);

 private:
  // Row `row` of the pass, which is row `i` of `range`, and one kv head with its query heads.
  void rotate_and_store(int index, const LayerBuffers& at, const RowRange& range, int i, int row,
                        int kv_head, float* mine) const;
  void attend(int index, const LayerBuffers& at, const RowRange& range, int i, int row, int kv_head,
              float* mine) const;
  void mix(int index, const LayerBuffers& at) const;
  // Whether any row's adapter has the target.
  [[nodiscard]] bool adapts(LoraTarget target) const;
  // The two halves of an adapter: scale * A x of some rows for all targets that read x, and what
  // its product with B adds to some columns of y, rows `stride` apart.
  void adapter_down(int index, LoraInput input, const float* x, const LayerBuffers& at,
                    Share own) const;
  void adapter_up(int index, LoraTarget target, const LayerBuffers& at, Share columns, float* y,
                  int stride) const;
};

/// Where the low-rank activations of a target begin.
inline float* low_rows(const LayerBuffers& at, LoraTarget target, int rows, int row_words) {
  return at.low + static_cast<std::ptrdiff_t>(target) * rows * row_words;
}

/// Floats from one row to the next of LayerBuffers::qkv.
inline int qkv_width(const ModelConfig& c) { return (c.heads + 2 * c.kv_heads) * c.head_dim; }

}  // namespace troupe
