#include "model/config.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "model/config_rope.h"

namespace troupe {
namespace {

using nlohmann::json;
using Family = ModelConfig::Family;

struct Names {
  Family family;
  const char* model_type;
  const char* architecture;
};
constexpr std::array<Names, 3> kNames = {{{Family::kLlama, "llama", "LlamaForCausalLM"},
                                          {Family::kQwen2, "qwen2", "Qwen2ForCausalLM"},
                                          {Family::kQwen3, "qwen3", "Qwen3ForCausalLM"}}};

Status in_range(const char* field, int value, int low, int high) {
  if (value >= low && value <= high) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{} is {}; it must be from {} to {}", field, value, low, high));
}

Status positive(const char* field, float value) {
  if (std::isfinite(value) && value > 0.0F) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{} is {}; it must be a positive number", field, value));
}

/// The shortest decimal that reads back as the same float, so that 1e-6F is written as 1e-06.
json number(float value) { return std::strtod(fmt::format("{}", value).c_str(), nullptr); }

json id_or_null(int id) { return id < 0 ? json(nullptr) : json(id); }

/// null, an id, or the list of several.
json ids_or_null(const std::vector<int>& ids) {
  if (ids.size() > 1) return json(ids);
  return id_or_null(ids.empty() ? -1 : ids.front());
}

}  // namespace

// The upper limits keep every product of two dimensions, times the layers, inside 64 bits.
Status ModelConfig::validate() const {
  TROUPE_TRY(in_range("vocab_size", vocab, 1, 1 << 22));
  TROUPE_TRY(in_range("hidden_size", width, 1, 1 << 17));
  TROUPE_TRY(in_range("num_hidden_layers", layers, 1, 1 << 12));
  TROUPE_TRY(in_range("num_attention_heads", heads, 1, 1 << 12));
  TROUPE_TRY(in_range("num_key_value_heads", kv_heads, 1, heads));
  if (heads % kv_heads != 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("num_key_value_heads is {}; it must divide num_attention_heads ({})",
                            kv_heads, heads));
  }
  TROUPE_TRY(in_range("head_dim", head_dim, 2, 1 << 12));
  if (head_dim % 2 != 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("head_dim is {}; it must be even, because RoPE turns pairs", head_dim));
  }
  TROUPE_TRY(in_range("intermediate_size", ffn, 1, 1 << 20));
  TROUPE_TRY(in_range("max_position_embeddings", max_positions, 1, 1 << 24));
  TROUPE_TRY(positive("rope_theta", rope_theta));
  TROUPE_TRY(positive("rms_norm_eps", norm_eps));
  TROUPE_TRY(rope_scaling.validate(rope_theta));
  TROUPE_TRY(in_range("bos_token_id", bos, -1, vocab - 1));
  for (const int id : eos) TROUPE_TRY(in_range("eos_token_id", id, 0, vocab - 1));
  return {};
}

std::int64_t ModelConfig::parameters() const {
  const std::int64_t d = width;
  const std::int64_t q = static_cast<std::int64_t>(heads) * head_dim;
  const std::int64_t kv = static_cast<std::int64_t>(kv_heads) * head_dim;
  std::int64_t layer = 2 * d * q + 2 * d * kv + 3 * d * ffn + 2 * d;
  if (qkv_bias()) layer += q + 2 * kv;
  if (qk_norm()) layer += 2 * static_cast<std::int64_t>(head_dim);
  const std::int64_t embedding = static_cast<std::int64_t>(vocab) * d;
  return embedding * (tied ? 1 : 2) + layers * layer + d;
}

std::string ModelConfig::to_json(Dtype dtype) const {
  const Names& names = kNames.at(static_cast<std::size_t>(family));
  json out;
  out["architectures"] = {names.architecture};
  out["model_type"] = names.model_type;
  out["vocab_size"] = vocab;
  out["hidden_size"] = width;
  out["intermediate_size"] = ffn;
  out["num_hidden_layers"] = layers;
  out["num_attention_heads"] = heads;
  out["num_key_value_heads"] = kv_heads;
  out["head_dim"] = head_dim;
  out["max_position_embeddings"] = max_positions;
  out["rope_theta"] = number(rope_theta);
  out["rope_scaling"] = rope_scaling_json(rope_scaling);
  out["rms_norm_eps"] = number(norm_eps);
  out["tie_word_embeddings"] = tied;
  out["bos_token_id"] = id_or_null(bos);
  out["eos_token_id"] = ids_or_null(eos);
  out["hidden_act"] = "silu";
  out["attention_dropout"] = 0.0;
  out["initializer_range"] = 0.02;
  out["torch_dtype"] = dtype == Dtype::kFp32 ? "float32" : "bfloat16";
  out["use_cache"] = true;
  if (family != Family::kQwen2) out["attention_bias"] = false;
  if (family == Family::kLlama) {
    out["mlp_bias"] = false;
    out["pretraining_tp"] = 1;
  } else {
    out["use_sliding_window"] = false;
    out["sliding_window"] = nullptr;
    out["max_window_layers"] = layers;
  }
  return out.dump(2) + "\n";
}

}  // namespace troupe
