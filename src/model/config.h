#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/dtype.h"
#include "troupe/result.h"

namespace troupe {

/// How RoPE's frequencies are changed for contexts longer than those of the first training. A kind
/// is implemented if a token's angles depend on its position alone, so that cached keys stay true.
/// Formulas and sources: decoder_angles.cc.
struct RopeScaling {
  enum class Kind { kNone, kLinear, kLlama3, kYarn };

  Kind kind = Kind::kNone;         ///< rope_type
  double factor = 1.0;             ///< how many times longer; all kinds
  int original_max_positions = 0;  ///< original_max_position_embeddings; llama3 and yarn
  double low_freq_factor = 1.0;    ///< llama3
  double high_freq_factor = 4.0;   ///< llama3
  double beta_fast = 32.0;         ///< yarn: turns in the original context above which a frequency
                                   ///< is kept
  double beta_slow = 1.0;          ///< yarn: turns below which it is divided by factor
  bool truncate = true;            ///< yarn: the two bounds are rounded to whole dimensions
  double attention_factor = 1.0;   ///< yarn: what cosines and sines are multiplied with

  [[nodiscard]] Status validate(float rope_theta) const;
  bool operator==(const RopeScaling&) const = default;
};

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
  RopeScaling rope_scaling;
  float norm_eps = 1e-6F;  ///< rms_norm_eps
  bool tied = true;        ///< tie_word_embeddings
  int bos = -1;            ///< bos_token_id; -1: none
  std::vector<int> eos;    ///< eos_token_id: all of them, in the file's order; may be empty

  [[nodiscard]] bool qkv_bias() const { return family == Family::kQwen2; }
  [[nodiscard]] bool qk_norm() const { return family == Family::kQwen3; }
  /// Checks every dimension; kInvalid names the field and the rule.
  [[nodiscard]] Status validate() const;
  [[nodiscard]] std::int64_t parameters() const;

  /// Reads a Hugging Face config.json. Unsupported fields (sliding window, other activations or
  /// architectures, ...) are refused by name; never ignored.
  static Result<ModelConfig> from_json(std::string_view text);
  /// `dtype`: of the weights beside it.
  [[nodiscard]] std::string to_json(Dtype dtype = Dtype::kFp32) const;

  bool operator==(const ModelConfig&) const = default;
};

}  // namespace troupe
