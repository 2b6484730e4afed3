#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/config.h"
#include "troupe/result.h"

namespace troupe {

/// One tensor's place in the flat arena. Row-major, Hugging Face orientation ([out, in]).
struct TensorSpec {
  std::string name;  ///< Hugging Face name, e.g. model.layers.0.self_attn.q_proj.weight
  std::vector<std::int64_t> shape;
  std::size_t offset = 0;  ///< in floats
  std::size_t size = 0;    ///< in floats
  [[nodiscard]] bool is_matrix() const { return shape.size() == 2; }
};

/// Where each tensor of a model lies in one flat array of floats: the layout that weights,
/// gradients and optimizer moments share. Order: embedding, then per layer input norm, q, k, v
/// (and their biases), q_norm, k_norm, o, post-attention norm, gate, up, down; final norm; head if
/// untied. Offsets are multiples of 16 floats; gaps are zero. Immutable.
class ParameterLayout {
 public:
  explicit ParameterLayout(const ModelConfig& config);
  /// Of other tensors (an adapter's), in the given order; names and shapes are given, the rest is
  /// set here.
  explicit ParameterLayout(std::vector<TensorSpec> tensors);

  [[nodiscard]] const std::vector<TensorSpec>& tensors() const { return tensors_; }
  /// Floats in the arena, gaps included.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// nullptr if there is no such tensor.
  [[nodiscard]] const TensorSpec* find(const std::string& name) const;

 private:
  void place();

  std::vector<TensorSpec> tensors_;
  std::size_t size_ = 0;
};

/// What a policy trains: a layout and its values, fp32. All weights of one model, or an adapter's
/// on a base of this shape (lora.h).
struct Weights {
  ModelConfig config;
  ParameterLayout layout;
  std::vector<float> values;  ///< [layout.size()]

  explicit Weights(const ModelConfig& model)
      : config(model), layout(model), values(layout.size(), 0.0F) {}
  Weights(const ModelConfig& model, ParameterLayout parameters)
      : config(model), layout(std::move(parameters)), values(layout.size(), 0.0F) {}

  [[nodiscard]] std::span<float> tensor(const TensorSpec& spec) {
    return {values.data() + spec.offset, spec.size};
  }
  [[nodiscard]] std::span<const float> tensor(const TensorSpec& spec) const {
    return {values.data() + spec.offset, spec.size};
  }
  /// Digest of names, shapes and bit patterns.
  [[nodiscard]] std::string digest() const;
};

/// Random start: matrices normal with deviation 1 / sqrt(inputs), so that small models keep their
/// signal's size through every layer (LeCun et al. 1998, section 4.6); those that write to the
/// residual stream (o, down) divided by sqrt(2 * layers) (GPT-2, section 2.3); norms 1, biases 0.
/// A function of `seed`.
Weights random_weights(const ModelConfig& config, std::uint64_t seed);

}  // namespace troupe
