#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/weights.h"

namespace troupe {

/// The linear layers of a decoder layer that an adapter can sit on, in the layout's order.
enum class LoraTarget { kQ, kK, kV, kO, kGate, kUp, kDown };
constexpr int kLoraTargets = 7;
constexpr std::array<const char*, kLoraTargets> kLoraTargetNames = {"q",    "k",  "v",   "o",
                                                                    "gate", "up", "down"};

/// A low-rank adapter (LoRA: Hu et al., arXiv 2106.09685): y = W x + scale() * B (A x) with
/// A [rank, in] and B [out, rank].
struct LoraSettings {
  /// How the scale follows from alpha and the rank r.
  enum class Rule {
    kConstant,        ///< alpha
    kRank,            ///< alpha / r (Hu et al., section 4.1)
    kRankStabilised,  ///< alpha / sqrt(r) (rsLoRA: Kalajdzievski, arXiv 2312.03732)
    kSquareRoot,      ///< the update of kRank with alpha' = alpha * sqrt(r) (arXiv 2606.12883)
  };
  int rank = 0;  ///< 0: no adapter
  double alpha = 16;
  Rule rule = Rule::kRank;
  std::array<bool, kLoraTargets> targets{};

  [[nodiscard]] double scale() const;
  /// What other programs call lora_alpha: the scale is peft_alpha() / r, or, with kRankStabilised,
  /// peft_alpha() / sqrt(r).
  [[nodiscard]] double peft_alpha() const;
  [[nodiscard]] bool has(LoraTarget target) const {
    return targets[static_cast<std::size_t>(target)];
  }
  /// One line for people: "rank 8, scale 2, q v".
  [[nodiscard]] std::string text() const;
  bool operator==(const LoraSettings&) const = default;
};

/// "constant", "rank", "rslora", "sqrt"; kInvalid names them.
Result<LoraSettings::Rule> parse_lora_rule(std::string_view name);
/// kInvalid for an unknown, repeated or missing name.
Result<std::array<bool, kLoraTargets>> parse_lora_targets(const std::vector<std::string>& names);

/// Rows and columns of a target's weight.
struct LinearShape {
  int outputs;
  int inputs;
};
LinearShape linear_shape(const ModelConfig& config, LoraTarget target);

/// Name of a target's tensor in a layer: "model.layers.0.self_attn.q_proj".
std::string linear_name(int layer, LoraTarget target);
/// Name of an adapter's tensor in PEFT's files, `which` is 'A' or 'B':
/// "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight".
std::string lora_tensor_name(int layer, LoraTarget target, char which);

/// The layout of an adapter's parameters: per layer and target A, then B, under PEFT's names.
ParameterLayout lora_layout(const ModelConfig& base, const LoraSettings& settings);
/// All zeros. `Weights::config` is the base's.
Weights lora_weights(const ModelConfig& base, const LoraSettings& settings);
/// A fresh adapter, as PEFT begins one: A uniform in +-1/sqrt(in) (Kaiming with a = sqrt(5)), B
/// zero, so that the policy is the base. A function of `seed`.
Weights random_lora(const ModelConfig& base, const LoraSettings& settings, std::uint64_t seed);

/// The base with the adapter merged into it, W + scale B A, summed in double: for export. A merged
/// model is not equal to the unmerged one to the bit.
Weights merge_lora(const Weights& base, const LoraSettings& settings, const Weights& adapter);

}  // namespace troupe
