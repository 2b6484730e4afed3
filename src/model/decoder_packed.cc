#include "model/decoder_packed.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
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

// The rows of a weight [outputs, inputs], appended.
void append_rows(const float* weight, int outputs, int inputs, std::vector<const float*>& rows) {
  for (int i = 0; i < outputs; ++i)
    rows.push_back(weight + static_cast<std::ptrdiff_t>(i) * inputs);
}

// Copies vectors into one array, rounded; in fp32 they stay where they are.
class Vectors {
 public:
  Vectors(const Kernels& table, AlignedFloats& storage, std::size_t size)
      : table_(table), storage_(storage) {
    if (table.dtype != Dtype::kFp32) storage.reserve(size);  // pointers into it stay good
  }
  const float* keep(const float* vector, int n) {
    if (table_.dtype == Dtype::kFp32) return vector;
    const std::size_t at = storage_.size();
    storage_.insert(storage_.end(), vector, vector + n);
    table_.round(storage_.data() + at, n);
    return storage_.data() + at;
  }

 private:
  const Kernels& table_;
  AlignedFloats& storage_;
};

PackedLayer pack_layer(const Kernels& table, const Weights& weights, int layer, Vectors& vectors) {
  const ModelConfig& c = weights.config;
  const float* values = weights.values.data();
  const int q = c.heads * c.head_dim;
  const int kv = c.kv_heads * c.head_dim;
  PackedLayer packed;
  packed.at = find_layer(weights, layer);
  std::vector<const float*> rows;
  const auto matrix = [&](int inputs, std::initializer_list<std::pair<std::size_t, int>> parts) {
    rows.clear();
    for (const auto& [offset, outputs] : parts) append_rows(values + offset, outputs, inputs, rows);
    return PanelMatrix(table, rows, inputs);
  };
  packed.qkv = matrix(c.width, {{packed.at.q, q}, {packed.at.k, kv}, {packed.at.v, kv}});
  packed.o = matrix(q, {{packed.at.o, c.width}});
  packed.gate = matrix(c.width, {{packed.at.gate, c.ffn}});
  packed.up = matrix(c.width, {{packed.at.up, c.ffn}});
  packed.down = matrix(c.ffn, {{packed.at.down, c.width}});
  packed.norm1 = vectors.keep(values + packed.at.norm1, c.width);
  packed.norm2 = vectors.keep(values + packed.at.norm2, c.width);
  if (c.qkv_bias()) {
    packed.q_bias = vectors.keep(values + packed.at.q_bias, q);
    packed.k_bias = vectors.keep(values + packed.at.k_bias, kv);
    packed.v_bias = vectors.keep(values + packed.at.v_bias, kv);
  }
  if (c.qk_norm()) {
    packed.q_norm = vectors.keep(values + packed.at.q_norm, c.head_dim);
    packed.k_norm = vectors.keep(values + packed.at.k_norm, c.head_dim);
  }
  return packed;
}

std::size_t vector_floats(const Weights& weights) {
  std::size_t sum = 0;
  for (const TensorSpec& spec : weights.layout.tensors()) {
    if (!spec.is_matrix()) sum += spec.size;
  }
  return sum;
}

const Kernels& fp32_kernels(const Kernels& table) {
  return table.dtype == Dtype::kFp32 ? table : *find_kernels(table.name, Dtype::kFp32);
}

}  // namespace

Decoder::Packed::Packed(std::shared_ptr<const Weights> shared, const Kernels& kernel_table)
    : table(&kernel_table),
      floats(&fp32_kernels(kernel_table)),
      weights(std::move(shared)),
      kv(weights->config, kernel_table.dtype),
      angles(weights->config) {
  const ModelConfig& c = weights->config;
  Vectors vectors(*table, rounded, vector_floats(*weights));
  for (int layer = 0; layer < c.layers; ++layer) {
    layers.push_back(pack_layer(*table, *weights, layer, vectors));
  }
  embedding_at = offset_of(*weights, "model.embed_tokens.weight");
  final_norm_at = offset_of(*weights, "model.norm.weight");
  head_at = c.tied ? embedding_at : offset_of(*weights, "lm_head.weight");
  final_norm = vectors.keep(at(final_norm_at), c.width);
  std::vector<const float*> rows;
  append_rows(at(head_at), c.vocab, c.width, rows);
  head = PanelMatrix(*table, rows, c.width);
  if (dtype() == Dtype::kFp32) return;
  const int row = words(dtype(), c.width);
  embedding_words.resize(static_cast<std::size_t>(c.vocab) * static_cast<std::size_t>(row));
  for (int token = 0; token < c.vocab; ++token) {
    table->pack(at(embedding_at) + static_cast<std::ptrdiff_t>(token) * c.width, c.width,
                embedding_words.data() + static_cast<std::ptrdiff_t>(token) * row);
  }
}

void Decoder::Packed::embed(TokenId token, float* x) const {
  const int width = weights->config.width;
  if (dtype() == Dtype::kFp32) {
    std::copy_n(at(embedding_at) + static_cast<std::ptrdiff_t>(token) * width, width, x);
    return;
  }
  const int row = words(dtype(), width);
  const float* from = embedding_words.data() + static_cast<std::ptrdiff_t>(token) * row;
  for (int j = 0; j < width; j += 2) {
    std::uint32_t pair = 0;
    std::memcpy(&pair, from + j / 2, sizeof pair);
    x[j] = std::bit_cast<float>(pair << 16);
    if (j + 1 < width) x[j + 1] = std::bit_cast<float>(pair & 0xffff0000U);
  }
}

}  // namespace troupe
