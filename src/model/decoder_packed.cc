#include "model/decoder_packed.h"

#include <cassert>
#include <string>
#include <utility>

namespace troupe {
namespace {

std::size_t offset_of(const Weights& weights, const std::string& name) {
  const TensorSpec* spec = weights.layout.find(name);
  assert(spec != nullptr);
  return spec->offset;
}

LayerOffsets find_layer(const Weights& weights, int layer) {
  const std::string prefix = "model.layers." + std::to_string(layer) + ".";
  const auto at = [&](const char* name) { return offset_of(weights, prefix + name); };
  LayerOffsets offsets{};
  offsets.norm1 = at("input_layernorm.weight");
  offsets.q = at("self_attn.q_proj.weight");
  offsets.k = at("self_attn.k_proj.weight");
  offsets.v = at("self_attn.v_proj.weight");
  if (weights.config.qkv_bias()) {
    offsets.q_bias = at("self_attn.q_proj.bias");
    offsets.k_bias = at("self_attn.k_proj.bias");
    offsets.v_bias = at("self_attn.v_proj.bias");
  }
  if (weights.config.qk_norm()) {
    offsets.q_norm = at("self_attn.q_norm.weight");
    offsets.k_norm = at("self_attn.k_norm.weight");
  }
  offsets.o = at("self_attn.o_proj.weight");
  offsets.norm2 = at("post_attention_layernorm.weight");
  offsets.gate = at("mlp.gate_proj.weight");
  offsets.up = at("mlp.up_proj.weight");
  offsets.down = at("mlp.down_proj.weight");
  return offsets;
}

PackedLayer pack_layer(const Weights& weights, int layer) {
  const ModelConfig& c = weights.config;
  const float* values = weights.values.data();
  const int q = c.heads * c.head_dim;
  const int kv = c.kv_heads * c.head_dim;
  PackedLayer packed;
  packed.at = find_layer(weights, layer);
  packed.qkv = PanelMatrix(c.width, q + 2 * kv);
  packed.qkv.put_transposed(values + packed.at.q, q, 0);
  packed.qkv.put_transposed(values + packed.at.k, kv, q);
  packed.qkv.put_transposed(values + packed.at.v, kv, q + kv);
  if (c.qkv_bias()) {
    const auto append = [&](std::size_t offset, int n) {
      packed.qkv_bias.insert(packed.qkv_bias.end(), values + offset, values + offset + n);
    };
    append(packed.at.q_bias, q);
    append(packed.at.k_bias, kv);
    append(packed.at.v_bias, kv);
  }
  packed.o = PanelMatrix(q, c.width);
  packed.o.put_transposed(values + packed.at.o, c.width, 0);
  packed.gate_up = PanelMatrix(c.width, 2 * c.ffn);
  packed.gate_up.put_transposed(values + packed.at.gate, c.ffn, 0);
  packed.gate_up.put_transposed(values + packed.at.up, c.ffn, c.ffn);
  packed.down = PanelMatrix(c.ffn, c.width);
  packed.down.put_transposed(values + packed.at.down, c.width, 0);
  return packed;
}

}  // namespace

Decoder::Packed::Packed(std::shared_ptr<const Weights> shared, const Kernels& kernel_table)
    : table(&kernel_table), weights(std::move(shared)), angles(weights->config) {
  const ModelConfig& c = weights->config;
  for (int layer = 0; layer < c.layers; ++layer) layers.push_back(pack_layer(*weights, layer));
  embedding = offset_of(*weights, "model.embed_tokens.weight");
  final_norm = offset_of(*weights, "model.norm.weight");
  head_weight = c.tied ? embedding : offset_of(*weights, "lm_head.weight");
  head = PanelMatrix(c.width, c.vocab);
  head.put_transposed(at(head_weight), c.vocab, 0);
}

}  // namespace troupe
