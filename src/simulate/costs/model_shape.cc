#include "simulate/costs/model_shape.h"

#include <fmt/format.h>

#include "config/nearest.h"

namespace troupe {
namespace {

// By their model cards and config.json files.
const std::vector<ModelShape> kModels = {
    {"qwen2.5-0.5b", 0.49e9, 24, 896, 2, 64},
    {"qwen2.5-1.5b", 1.54e9, 28, 1536, 2, 128},
    {"qwen2.5-3b", 3.09e9, 36, 2048, 2, 128},
    {"qwen2.5-7b", 7.61e9, 28, 3584, 4, 128},
    {"qwen2.5-14b", 14.7e9, 48, 5120, 8, 128},
    {"qwen2.5-32b", 32.5e9, 64, 5120, 8, 128},
    {"qwen2.5-72b", 72.7e9, 80, 8192, 8, 128},
    {"qwen3-4b", 4.02e9, 36, 2560, 8, 128},
    {"qwen3-8b", 8.19e9, 36, 4096, 8, 128},
    {"qwen3-14b", 14.8e9, 40, 5120, 8, 128},
    {"qwen3-32b", 32.8e9, 64, 5120, 8, 128},
    // Mixtures of experts. GLM-4.5-Air: 106B, of which a token meets 12B (arXiv 2508.06471).
    {"glm-4.5-air", 106e9, 46, 4096, 8, 128, 2, 12e9},
    // DeepSeek-V3: 671B, 37B (arXiv 2412.19437); a token's latent cache of 576 numbers a layer as
    // one head of 288 with keys and values.
    {"deepseek-v3", 671e9, 61, 7168, 1, 288, 2, 37e9},
};

}  // namespace

const std::vector<ModelShape>& model_shapes() { return kModels; }

Result<ModelShape> find_model(const std::string& name) {
  std::vector<std::string> names;
  for (const ModelShape& model : kModels) {
    if (model.name == name) return model;
    names.push_back(model.name);
  }
  const auto nearest = nearest_word(name, names);
  return fail(ErrorCode::kInvalid,
              fmt::format("no model is called \"{}\"; {}", name,
                          nearest ? "did you mean \"" + *nearest + "\"?"
                                  : fmt::format("known are {}", fmt::join(names, ", "))));
}

}  // namespace troupe
