#pragma once

#include <cmath>
#include <memory>

#include "model/decoder_test_models.h"
#include "model/lora.h"

namespace troupe {

inline LoraSettings lora_on(int rank, const std::vector<std::string>& targets, double alpha = 4) {
  LoraSettings settings;
  settings.rank = rank;
  settings.alpha = alpha;
  settings.targets = *parse_lora_targets(targets);
  return settings;
}

inline LoraSettings lora_everywhere(int rank) {
  return lora_on(rank, {"q", "k", "v", "o", "gate", "up", "down"});
}

/// An adapter whose A and B both matter.
inline std::shared_ptr<const Weights> lively_adapter(const ModelConfig& base,
                                                     const LoraSettings& settings,
                                                     std::uint64_t seed) {
  auto weights = std::make_shared<Weights>(lora_weights(base, settings));
  Rng rng(seed);
  for (const TensorSpec& spec : weights->layout.tensors()) {
    const double deviation = 0.5 / std::sqrt(static_cast<double>(spec.shape[1]));
    for (float& x : weights->tensor(spec)) x = static_cast<float>(deviation * rng.normal());
  }
  return weights;
}

}  // namespace troupe
