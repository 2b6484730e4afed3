#pragma once

#include <memory>
#include <vector>

#include "model/decoder.h"
#include "model/decoder_angles.h"
#include "model/kernels/panels.h"
#include "model/kv_layout.h"

namespace troupe {

/// Where one layer's tensors lie in the weights' arena (and so in the gradient). Offsets in floats;
/// those of tensors that the family lacks are 0 and unused.
struct LayerOffsets {
  std::size_t norm1, q, k, v, q_bias, k_bias, v_bias, q_norm, k_norm, o, norm2, gate, up, down;
};

/// One layer's matrices, transposed and in panels, and its vectors, rounded to the dtype. Vectors
/// that the family lacks are null.
struct PackedLayer {
  LayerOffsets at;
  PanelMatrix qkv;   ///< [width, (heads + 2 kv_heads) * head_dim]
  PanelMatrix o;     ///< [heads * head_dim, width]
  PanelMatrix gate;  ///< [width, ffn]
  PanelMatrix up;    ///< [width, ffn]
  PanelMatrix down;  ///< [ffn, width]
  const float* norm1 = nullptr;
  const float* norm2 = nullptr;
  const float* q_norm = nullptr;
  const float* k_norm = nullptr;
  const float* q_bias = nullptr;
  const float* k_bias = nullptr;
  const float* v_bias = nullptr;
};

/// What a Decoder holds.
struct Decoder::Packed {
  const Kernels* table;   ///< of the dtype
  const Kernels* floats;  ///< of the same instruction set in fp32
  std::shared_ptr<const Weights> weights;
  KvLayout kv;
  Angles angles;
  std::vector<PackedLayer> layers;
  PanelMatrix head;  ///< [width, vocab]
  const float* final_norm = nullptr;
  AlignedFloats embedding_words;  ///< bf16: [vocab, words(width)]; fp32: empty
  AlignedFloats rounded;          ///< bf16: all vectors, rounded; fp32: empty
  std::size_t embedding_at = 0;   ///< offsets in the arena
  std::size_t final_norm_at = 0;
  std::size_t head_at = 0;  ///< the embedding's if tied

  Packed(std::shared_ptr<const Weights> shared, const Kernels& kernel_table);
  [[nodiscard]] const float* at(std::size_t offset) const {
    return weights->values.data() + offset;
  }
  [[nodiscard]] Dtype dtype() const { return table->dtype; }
  /// The embedding of a token, [width] floats, rounded to the dtype.
  void embed(TokenId token, float* x) const;
};

}  // namespace troupe
