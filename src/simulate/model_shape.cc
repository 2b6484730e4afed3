#include "simulate/model_shape.h"

#include <fmt/format.h>

#include "config/nearest.h"

namespace troupe {
namespace {

// Qwen2.5 by its model cards and config.json files.
const std::vector<ModelShape> kModels = {
    {"qwen2.5-0.5b", 0.49e9, 24, 896, 2, 64},  {"qwen2.5-1.5b", 1.54e9, 28, 1536, 2, 128},
    {"qwen2.5-3b", 3.09e9, 36, 2048, 2, 128},  {"qwen2.5-7b", 7.61e9, 28, 3584, 4, 128},
    {"qwen2.5-14b", 14.7e9, 48, 5120, 8, 128}, {"qwen2.5-32b", 32.5e9, 64, 5120, 8, 128},
    {"qwen2.5-72b", 72.7e9, 80, 8192, 8, 128},
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
