#pragma once

#include <memory>
#include <vector>

#include "model/decoder.h"
#include "model/decoder_angles.h"
#include "model/kernels/panels.h"

namespace troupe {

/// Where one layer's tensors lie in the weights' arena (and so in the gradient). Offsets in floats;
/// those of tensors that the family lacks are 0 and unused.
struct LayerOffsets {
  std::size_t norm1, q, k, v, q_bias, k_bias, v_bias, q_norm, k_norm, o, norm2, gate, up, down;
};

/// One layer's matrices, transposed and in panels.
struct PackedLayer {
  LayerOffsets at;
  PanelMatrix qkv;         ///< [width, (heads + 2 kv_heads) * head_dim]
  AlignedFloats qkv_bias;  ///< empty without biases
  PanelMatrix o;           ///< [heads * head_dim, width]
  PanelMatrix gate_up;     ///< [width, 2 ffn]
  PanelMatrix down;        ///< [ffn, width]
};

/// What a Decoder holds.
struct Decoder::Packed {
  const Kernels* table;
  std::shared_ptr<const Weights> weights;
  Angles angles;
  std::vector<PackedLayer> layers;
  PanelMatrix head;           ///< [width, vocab]
  std::size_t embedding = 0;  ///< offsets in the arena
  std::size_t final_norm = 0;
  std::size_t head_weight = 0;  ///< the embedding's if tied

  Packed(std::shared_ptr<const Weights> shared, const Kernels& kernel_table);
  [[nodiscard]] const float* at(std::size_t offset) const {
    return weights->values.data() + offset;
  }
};

}  // namespace troupe
