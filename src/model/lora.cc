#include "model/lora.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "base/rng.h"

namespace troupe {
namespace {

constexpr std::array<const char*, kLoraTargets> kModules = {
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
    "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj"};

template <class Body>
void each_target(const LoraSettings& settings, Body body) {
  for (int t = 0; t < kLoraTargets; ++t) {
    if (settings.targets[static_cast<std::size_t>(t)]) body(static_cast<LoraTarget>(t));
  }
}

}  // namespace

double LoraSettings::peft_alpha() const {
  switch (rule) {
    case Rule::kConstant:
      return alpha * rank;
    case Rule::kSquareRoot:
      return alpha * std::sqrt(static_cast<double>(rank));
    case Rule::kRank:
    case Rule::kRankStabilised:
      break;
  }
  return alpha;
}

double LoraSettings::scale() const {
  if (rule == Rule::kRankStabilised) return alpha / std::sqrt(static_cast<double>(rank));
  return peft_alpha() / rank;
}

std::string LoraSettings::text() const {
  std::string out = fmt::format("rank {}, scale {:.6g},", rank, scale());
  each_target(*this, [&](LoraTarget target) {
    out += fmt::format(" {}", kLoraTargetNames[static_cast<std::size_t>(target)]);
  });
  return out;
}

Result<LoraSettings::Rule> parse_lora_rule(std::string_view name) {
  using Rule = LoraSettings::Rule;
  if (name == "constant") return Rule::kConstant;
  if (name == "rank") return Rule::kRank;
  if (name == "rslora") return Rule::kRankStabilised;
  if (name == "sqrt") return Rule::kSquareRoot;
  return fail(ErrorCode::kInvalid,
              fmt::format("lora_rule = \"{}\": use constant, rank, rslora or sqrt", name));
}

Result<std::array<bool, kLoraTargets>> parse_lora_targets(const std::vector<std::string>& names) {
  std::array<bool, kLoraTargets> targets{};
  for (const std::string& name : names) {
    const auto* const found = std::find(kLoraTargetNames.begin(), kLoraTargetNames.end(), name);
    if (found == kLoraTargetNames.end()) {
      return fail(ErrorCode::kInvalid, fmt::format("lora_targets has \"{}\": use some of {}", name,
                                                   fmt::join(kLoraTargetNames, ", ")));
    }
    bool& target = targets[static_cast<std::size_t>(found - kLoraTargetNames.begin())];
    if (target) {
      return fail(ErrorCode::kInvalid, fmt::format("lora_targets has \"{}\" twice", name));
    }
    target = true;
  }
  if (names.empty()) {
    return fail(ErrorCode::kInvalid, fmt::format("lora_targets is empty: use some of {}",
                                                 fmt::join(kLoraTargetNames, ", ")));
  }
  return targets;
}

LinearShape linear_shape(const ModelConfig& c, LoraTarget target) {
  const int q = c.heads * c.head_dim;
  const int kv = c.kv_heads * c.head_dim;
  switch (target) {
    case LoraTarget::kQ:
      return {q, c.width};
    case LoraTarget::kK:
    case LoraTarget::kV:
      return {kv, c.width};
    case LoraTarget::kO:
      return {c.width, q};
    case LoraTarget::kGate:
    case LoraTarget::kUp:
      return {c.ffn, c.width};
    case LoraTarget::kDown:
      break;
  }
  return {c.width, c.ffn};
}

std::string linear_name(int layer, LoraTarget target) {
  return fmt::format("model.layers.{}.{}", layer, kModules[static_cast<std::size_t>(target)]);
}

std::string lora_tensor_name(int layer, LoraTarget target, char which) {
  return fmt::format("base_model.model.{}.lora_{}.weight", linear_name(layer, target), which);
}

ParameterLayout lora_layout(const ModelConfig& base, const LoraSettings& settings) {
  std::vector<TensorSpec> tensors;
  for (int layer = 0; layer < base.layers; ++layer) {
    each_target(settings, [&](LoraTarget target) {
      const LinearShape shape = linear_shape(base, target);
      TensorSpec a;
      a.name = lora_tensor_name(layer, target, 'A');
      a.shape = {settings.rank, shape.inputs};
      tensors.push_back(std::move(a));
      TensorSpec b;
      b.name = lora_tensor_name(layer, target, 'B');
      b.shape = {shape.outputs, settings.rank};
      tensors.push_back(std::move(b));
    });
  }
  return ParameterLayout(std::move(tensors));
}

Weights lora_weights(const ModelConfig& base, const LoraSettings& settings) {
  return {base, lora_layout(base, settings)};
}

Weights random_lora(const ModelConfig& base, const LoraSettings& settings, std::uint64_t seed) {
  Weights weights = lora_weights(base, settings);
  for (const TensorSpec& spec : weights.layout.tensors()) {
    if (spec.name.ends_with("lora_B.weight")) continue;
    const double bound = 1.0 / std::sqrt(static_cast<double>(spec.shape[1]));
    Rng rng(seed_join(seed, spec.name));
    for (float& x : weights.tensor(spec)) {
      x = static_cast<float>((2.0 * rng.uniform() - 1.0) * bound);
    }
  }
  return weights;
}

Weights merge_lora(const Weights& base, const LoraSettings& settings, const Weights& adapter) {
  Weights merged = base;
  const auto rank = static_cast<std::size_t>(settings.rank);
  for (int layer = 0; layer < base.config.layers; ++layer) {
    each_target(settings, [&](LoraTarget target) {
      const TensorSpec* weight = merged.layout.find(linear_name(layer, target) + ".weight");
      const TensorSpec* a = adapter.layout.find(lora_tensor_name(layer, target, 'A'));
      const TensorSpec* b = adapter.layout.find(lora_tensor_name(layer, target, 'B'));
      assert(weight != nullptr && a != nullptr && b != nullptr);
      const auto inputs = static_cast<std::size_t>(weight->shape[1]);
      const auto outputs = static_cast<std::size_t>(weight->shape[0]);
      std::vector<double> update(inputs);
      for (std::size_t i = 0; i < outputs; ++i) {
        std::fill(update.begin(), update.end(), 0.0);
        for (std::size_t r = 0; r < rank; ++r) {
          const double factor = adapter.values[b->offset + i * rank + r];
          const float* row = adapter.values.data() + a->offset + r * inputs;
          for (std::size_t j = 0; j < inputs; ++j) {
            update[j] += factor * static_cast<double>(row[j]);
          }
        }
        float* to = merged.values.data() + weight->offset + i * inputs;
        for (std::size_t j = 0; j < inputs; ++j) {
          to[j] = static_cast<float>(static_cast<double>(to[j]) + settings.scale() * update[j]);
        }
      }
    });
  }
  return merged;
}

}  // namespace troupe
