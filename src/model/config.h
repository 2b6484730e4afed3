#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "troupe/result.h"

namespace troupe {

/// The shape of a decoder of the Llama / Qwen2 / Qwen3 family, in Hugging Face's terms.
struct ModelConfig {
  enum class Family { kLlama, kQwen2, kQwen3 };  // Qwen2: QKV bias; Qwen3: QK-norm

  Family family = Family::kLlama;
  int vocab = 0;            ///< vocab_size
  int width = 64;           ///< hidden_size
  int layers = 2;           ///< num_hidden_layers
  int heads = 4;            ///< num_attention_heads
  int kv_heads = 4;         ///< num_key_value_heads, divides heads
  int head_dim = 16;        ///< head_dim, even
  int ffn = 192;            ///< intermediate_size
  int max_positions = 256;  ///< max_position_embeddings
  float rope_theta = 10000.0F;
  float norm_eps = 1e-6F;  ///< rms_norm_eps
  bool tied = true;        ///< tie_word_embeddings
  int bos = -1;            ///< bos_token_id; -1: none
  int eos = -1;            ///< eos_token_id; -1: none

  [[nodiscard]] bool qkv_bias() const { return family == Family::kQwen2; }
  [[nodiscard]] bool qk_norm() const { return family == Family::kQwen3; }
  /// Checks every dimension; kInvalid names the field and the rule.
  [[nodiscard]] Status validate() const;
  [[nodiscard]] std::int64_t parameters() const;

  /// Reads a Hugging Face config.json. Unsupported fields (rope scaling, sliding window, other
  /// activations or architectures, ...) are refused by name; never ignored.
  static Result<ModelConfig> from_json(std::string_view text);
  [[nodiscard]] std::string to_json() const;

  bool operator==(const ModelConfig&) const = default;
};

}  // namespace troupe
