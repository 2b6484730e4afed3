#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/options.h"
#include "model/config.h"
#include "model/lora.h"

namespace troupe {

/// The shape of a new model, or where a base checkpoint lies.
struct ModelOptions {
  std::string base;
  std::string end_token;
  std::string chat = "none";
  std::string system;
  std::string family = "llama";
  std::int64_t width = 64;
  std::int64_t layers = 2;
  std::int64_t heads = 4;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t ffn = 0;
  std::int64_t max_positions = 256;
  double rope_theta = 10000.0;
  bool tied = true;
  std::string dtype = "fp32";
  std::int64_t lora_rank = 0;
  double lora_alpha = 0;
  std::string lora_rule = "rank";
  std::vector<std::string> lora_targets = {"q", "k", "v", "o", "gate", "up", "down"};

  void declare(OptionSet& options);
  /// The shape of a new model over `vocab` tokens; zeros become their defaults. Checked.
  [[nodiscard]] Result<ModelConfig> config(int vocab, int end) const;
  /// The adapter that is trained; rank 0: the whole model is. Checked.
  [[nodiscard]] Result<LoraSettings> lora() const;
  bool operator==(const ModelOptions&) const = default;
};

}  // namespace troupe
