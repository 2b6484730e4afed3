#include "model/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/digest.h"
#include "base/rng.h"

namespace troupe {
namespace {

constexpr std::size_t kAlign = 16;  // floats; one cache line

}  // namespace

ParameterLayout::ParameterLayout(const ModelConfig& config) {
  auto add = [this](std::string name, std::vector<std::int64_t> shape) {
    TensorSpec spec;
    spec.name = std::move(name);
    spec.shape = std::move(shape);
    tensors_.push_back(std::move(spec));
  };
  const std::int64_t d = config.width;
  const std::int64_t f = config.ffn;
  const std::int64_t q = static_cast<std::int64_t>(config.heads) * config.head_dim;
  const std::int64_t kv = static_cast<std::int64_t>(config.kv_heads) * config.head_dim;

  add("model.embed_tokens.weight", {config.vocab, d});
  for (int i = 0; i < config.layers; ++i) {
    const std::string layer = fmt::format("model.layers.{}.", i);
    const std::string attention = layer + "self_attn.";
    add(layer + "input_layernorm.weight", {d});
    for (const auto& [name, rows] : {std::pair("q", q), std::pair("k", kv), std::pair("v", kv)}) {
      add(attention + name + "_proj.weight", {rows, d});
      if (config.qkv_bias()) add(attention + name + "_proj.bias", {rows});
    }
    if (config.qk_norm()) {
      add(attention + "q_norm.weight", {config.head_dim});
      add(attention + "k_norm.weight", {config.head_dim});
    }
    add(attention + "o_proj.weight", {d, q});
    add(layer + "post_attention_layernorm.weight", {d});
    add(layer + "mlp.gate_proj.weight", {f, d});
    add(layer + "mlp.up_proj.weight", {f, d});
    add(layer + "mlp.down_proj.weight", {d, f});
  }
  add("model.norm.weight", {d});
  if (!config.tied) add("lm_head.weight", {config.vocab, d});
  place();
}

ParameterLayout::ParameterLayout(std::vector<TensorSpec> tensors) : tensors_(std::move(tensors)) {
  place();
}

void ParameterLayout::place() {
  for (TensorSpec& spec : tensors_) {
    spec.offset = size_;
    spec.size = 1;
    for (std::int64_t n : spec.shape) spec.size *= static_cast<std::size_t>(n);
    size_ = (spec.offset + spec.size + kAlign - 1) / kAlign * kAlign;
  }
}

const TensorSpec* ParameterLayout::find(const std::string& name) const {
  for (const TensorSpec& spec : tensors_) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::string Weights::digest() const {
  Digest digest;
  for (const TensorSpec& spec : layout.tensors()) {
    digest.add(spec.name);
    for (std::int64_t n : spec.shape) digest.add(fmt::format(",{}", n));
    digest.add(";");
    digest.add(values.data() + spec.offset, spec.size * sizeof(float));
  }
  return digest.hex();
}

// Every tensor draws from its own stream, named after the tensor: its values do not depend on what
// else the model has.
Weights random_weights(const ModelConfig& config, std::uint64_t seed) {
  Weights weights(config);
  for (const TensorSpec& spec : weights.layout.tensors()) {
    const std::span<float> values = weights.tensor(spec);
    if (!spec.is_matrix()) {
      const bool norm = spec.name.ends_with("norm.weight");
      std::fill(values.begin(), values.end(), norm ? 1.0F : 0.0F);
      continue;
    }
    const bool residual =
        spec.name.ends_with("o_proj.weight") || spec.name.ends_with("down_proj.weight");
    const double inputs = static_cast<double>(spec.shape[1]);
    const double deviation = 1.0 / std::sqrt(residual ? inputs * 2.0 * config.layers : inputs);
    Rng rng(seed_join(seed, spec.name));
    for (float& value : values) value = static_cast<float>(rng.normal() * deviation);
  }
  return weights;
}

}  // namespace troupe
