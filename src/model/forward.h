#pragma once

#include <span>
#include <vector>

#include "model/decoder.h"
#include "model/decoder_packed.h"
#include "model/kv_layout.h"

namespace troupe {

/// Consecutive rows of one sequence in a pass: they are its positions start..start+rows-1, and its
/// cache holds the positions before.
struct RowRange {
  float* cache;
  KvLayout layout;
  int start;
  int rows;
};

/// Where one layer of a pass reads and writes; m rows. Rollout gives every layer the same memory,
/// training its own, to find it again in the backward pass.
struct LayerBuffers {
  float* x;               ///< [m, width] residual stream on entry
  float* h1;              ///< [m, width] normalised
  float* s1;              ///< [m] scale of the norm
  float* qkv;             ///< [m, (heads + 2 kv_heads) * head_dim]; q rotated and scaled, k rotated
  float* qk_raw;          ///< [m, (heads + kv_heads) * head_dim] before QK-norm; unused without
  float* qk_s;            ///< [m, heads + kv_heads] scales of the QK-norms; unused without
  float* attention;       ///< [m, heads * head_dim]
  AttentionStats* stats;  ///< [m, heads]
  float* x_mid;           ///< [m, width] after attention; may be x
  float* h2;              ///< [m, width]
  float* s2;              ///< [m]
  float* gate_up;         ///< [m, 2 ffn]
  float* act;             ///< [m, ffn]
  float* x_out;           ///< [m, width] after the layer; may be x_mid
};

/// The one forward pass of rollout and training. No state of its own; the caller owns all memory.
struct ForwardPass {
  const Decoder::Packed& model;
  std::span<const RowRange> ranges;
  int rows;        ///< of all ranges
  float* cosines;  ///< [rows, head_dim / 2] of each row's position; embed() writes them
  float* sines;
  float* scores;  ///< room for the longest context, rounded up to 16

  /// The first step: rows of the embedding, [rows, width].
  void embed(std::span<const TokenId> tokens, float* x) const;
  void layer(int index, const LayerBuffers& at) const;
  /// Logits of `n` rows that are gathered in x [n, width]. h [n, width] and s [n] are kept for the
  /// backward pass.
  void head(const float* x, int n, float* h, float* s, float* logits) const;

 private:
  void rotate_and_store(int index, const LayerBuffers& at) const;
  void attend(int index, const LayerBuffers& at) const;
};

/// Floats from one row to the next of LayerBuffers::qkv.
inline int qkv_width(const ModelConfig& c) { return (c.heads + 2 * c.kv_heads) * c.head_dim; }

}  // namespace troupe
