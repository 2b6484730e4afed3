#include "model/lora_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/checkpoint_files.h"
#include "model/json_fields.h"

namespace troupe {
namespace {

using nlohmann::json;

constexpr const char* kConfig = "/adapter_config.json";
constexpr const char* kWeights = "/adapter_model.safetensors";
constexpr std::int64_t kMostRank = 4096;

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

/// Adds to "not there" what should be.
Error missing_part(Error error) {
  if (error.code == ErrorCode::kNotFound) {
    error.message +=
        "; an adapter's folder holds adapter_config.json and adapter_model.safetensors";
  }
  return error;
}

/// Keys that say nothing about what the adapter computes: names, training only, or what its tensors
/// say as well.
bool harmless(const std::string& key) {
  static constexpr std::array<const char*, 11> kKeys = {
      "auto_mapping", "base_model_name_or_path", "exclude_modules", "inference_mode",
      "lora_dropout", "megatron_core",           "peft_version",    "qalora_group_size",
      "revision",     "runtime_config",          "target_modules"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

/// Off: nothing was asked for.
bool is_off(const json& value) {
  return value.is_null() || value == false ||
         ((value.is_array() || value.is_object()) && value.empty());
}

/// Kinds of a start that leave the base as it is; others (PiSSA, OLoRA, ...) change its weights.
bool keeps_base(const json& start) {
  return is_off(start) || start == true || start == "gaussian" || start == "orthogonal" ||
         start == "eva";
}

/// Rank, alpha and rule; nothing of the targets.
Result<LoraSettings> read_settings(const json& config) {
  LoraSettings settings;
  std::int64_t rank = 0;
  bool stabilised = false;
  for (const auto& [key, value] : config.items()) {
    if (key == "r" && value.is_number_integer()) {
      rank = value.get<std::int64_t>();
    } else if (key == "lora_alpha" && value.is_number()) {
      settings.alpha = value.get<double>();
    } else if (key == "use_rslora" && value.is_boolean()) {
      stabilised = value.get<bool>();
    } else if (harmless(key) || is_off(value) || (key == "peft_type" && value == "LORA") ||
               (key == "task_type" && value == "CAUSAL_LM") || (key == "bias" && value == "none") ||
               (key == "init_lora_weights" && keeps_base(value))) {
      continue;
    } else {
      return invalid(
          fmt::format("{} = {} is not implemented: save a plain LoRA adapter, or merge "
                      "this one into its base with the program that made it",
                      key, brief_json(value)));
    }
  }
  if (rank < 1 || rank > kMostRank) {
    return invalid(fmt::format("r is {}: a rank of 1 to {} is needed", rank, kMostRank));
  }
  if (!config.contains("lora_alpha") || !std::isfinite(settings.alpha)) {
    return invalid("lora_alpha is missing or no number: save the adapter again");
  }
  settings.rank = static_cast<int>(rank);
  settings.rule = stabilised ? LoraSettings::Rule::kRankStabilised : LoraSettings::Rule::kRank;
  return settings;
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return json(shape).dump(); }

Status read_tensors(const SafetensorsView& file, LoraSettings& settings, const ModelConfig& base,
                    Weights& out) {
  for (int t = 0; t < kLoraTargets; ++t) {
    const std::string name = lora_tensor_name(0, static_cast<LoraTarget>(t), 'A');
    settings.targets[static_cast<std::size_t>(t)] = file.find(name) != nullptr;
  }
  const ParameterLayout layout = lora_layout(base, settings);
  for (const auto& tensor : file.tensors) {
    if (layout.find(tensor.name) != nullptr) continue;
    return invalid(
        fmt::format("tensor {} {} has no place: adapters sit on the q, k, v, o, gate, up "
                    "and down projections of all layers of the base",
                    tensor.name, shape_text(tensor.shape)));
  }
  if (layout.tensors().empty()) return invalid("it holds no adapter of the first layer");
  for (const TensorSpec& spec : layout.tensors()) {
    const auto* tensor = file.find(spec.name);
    if (tensor == nullptr) {
      return invalid(
          fmt::format("tensor {} {} is missing: the adapter belongs to another base, or "
                      "sits on some layers only",
                      spec.name, shape_text(spec.shape)));
    }
    if (tensor->shape != spec.shape) {
      return invalid(
          fmt::format("tensor {} has shape {}, but r and the base ask for {}: use the "
                      "base that the adapter was trained on",
                      spec.name, shape_text(tensor->shape), shape_text(spec.shape)));
    }
  }
  out = Weights(base, layout);
  for (const TensorSpec& spec : layout.tensors()) {
    const std::span<float> values = out.tensor(spec);
    file.find(spec.name)->read(0, values);
    const auto bad =
        std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
    if (bad == values.end()) continue;
    return invalid(
        fmt::format("tensor {} holds {} at element {}: use a checkpoint from before the training "
                    "run broke",
                    spec.name, *bad, bad - values.begin()));
  }
  return {};
}

json number(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? json(whole) : json(value);
}

json config_json(const LoraSettings& settings, const std::string& base) {
  json out;
  out["peft_type"] = "LORA";
  out["task_type"] = "CAUSAL_LM";
  out["base_model_name_or_path"] = base.empty() ? json(nullptr) : json(base);
  out["inference_mode"] = true;
  out["r"] = settings.rank;
  out["lora_alpha"] = number(settings.peft_alpha());
  out["use_rslora"] = settings.rule == LoraSettings::Rule::kRankStabilised;
  out["lora_dropout"] = 0.0;
  out["bias"] = "none";
  out["fan_in_fan_out"] = false;
  out["init_lora_weights"] = true;
  out["modules_to_save"] = nullptr;
  json modules = json::array();
  for (std::size_t t = 0; t < kLoraTargets; ++t) {
    if (settings.targets[t]) modules.push_back(std::string(kLoraTargetNames[t]) + "_proj");
  }
  out["target_modules"] = modules;
  return out;
}

}  // namespace

Result<LoraAdapter> read_lora_folder(Disk& disk, const std::string& folder,
                                     const ModelConfig& base) {
  const std::string config_path = folder + kConfig;
  const auto config_text = disk.read(config_path);
  if (!config_text) return tl::unexpected(missing_part(config_text.error()));
  const auto config = parse_json_object(*config_text);
  if (!config) return within(config_path, config.error());
  auto settings = read_settings(*config);
  if (!settings) return within(config_path, settings.error());
  LoraAdapter adapter{*settings, Weights(base, ParameterLayout(std::vector<TensorSpec>{})), ""};
  const auto name = config->find("base_model_name_or_path");
  if (name != config->end() && name->is_string()) adapter.base = name->get<std::string>();

  const std::string path = folder + kWeights;
  const auto view = disk.map(path);
  if (!view) return tl::unexpected(missing_part(view.error()));
  const auto file = parse_safetensors((*view)->bytes());
  if (!file) return within(path, file.error());
  const Status read = read_tensors(*file, adapter.settings, base, adapter.weights);
  if (!read) return within(path, read.error());
  return adapter;
}

Status write_lora_folder(Disk& disk, const std::string& folder, const LoraSettings& settings,
                         const Weights& weights, const std::string& base) {
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : weights.layout.tensors()) {
    tensors.push_back({spec.name, spec.shape, weights.tensor(spec)});
  }
  TROUPE_TRY(disk.write(folder + kConfig, config_json(settings, base).dump(2) + "\n", true));
  return disk.write(folder + kWeights, encode_safetensors(tensors, {{"format", "pt"}}), true);
}

}  // namespace troupe
