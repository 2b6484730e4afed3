#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/checkpoint_files.h"
#include "model/half.h"
#include "model/model_folder_names.h"

namespace troupe {
namespace {

using nlohmann::json;

/// "" if the tokenizer.json does not name the id.
std::string token_text(const Tokenizer& tokenizer, TokenId id) {
  const json source = json::parse(tokenizer.json(), nullptr, false);
  try {
    for (const json& token : source.value("added_tokens", json::array())) {
      if (token.at("id") == id) return token.at("content").get<std::string>();
    }
    for (const auto& [text, value] : source.at("model").at("vocab").items()) {
      if (value == id) return text;
    }
  } catch (const json::exception&) {  // a tokenizer that did not come from parse_tokenizer
  }
  return "";
}

/// The token that ends an answer is the one that the policy was trained with; a base checkpoint's
/// config.json may name others.
std::string generation_config_text(const ModelConfig& config, const Tokenizer& tokenizer) {
  json out = json::object();
  if (config.bos >= 0) out["bos_token_id"] = config.bos;
  if (tokenizer.end() >= 0) {
    out["eos_token_id"] = tokenizer.end();
  } else if (!config.eos.empty()) {
    out["eos_token_id"] = config.eos;
  }
  out["do_sample"] = true;  // the policy is what it samples, not its most likely answer
  return out.dump(2) + "\n";
}

std::string tokenizer_config_text(const ModelConfig& config, const Tokenizer& tokenizer) {
  json out;
  out["tokenizer_class"] = "PreTrainedTokenizerFast";
  out["model_max_length"] = config.max_positions;
  out["clean_up_tokenization_spaces"] = false;
  const std::string end = token_text(tokenizer, tokenizer.end());
  if (!end.empty()) out["eos_token"] = end;
  return out.dump(2) + "\n";
}

Status check_fits_bf16(const NamedTensor& tensor) {
  const auto too_large = [](float v) {
    return std::isfinite(v) && !std::isfinite(bfloat_to_float(float_to_bfloat(v)));
  };
  const auto bad = std::find_if(tensor.data.begin(), tensor.data.end(), too_large);
  if (bad == tensor.data.end()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("tensor {} holds {} at element {}, which is beyond bf16; write fp32",
                          tensor.name, *bad, bad - tensor.data.begin()));
}

using Shard = std::vector<NamedTensor>;

/// In the tensors' order, each shard as full as it gets.
std::vector<Shard> split(std::vector<NamedTensor> tensors, const WeightFormat& format) {
  const std::uint64_t each = format.dtype == Dtype::kFp32 ? 4 : 2;
  std::vector<Shard> shards(1);
  std::uint64_t held = 0;
  for (NamedTensor& tensor : tensors) {
    const std::uint64_t bytes = each * tensor.data.size();
    if (!shards.back().empty() &&
        (held > format.shard_bytes || bytes > format.shard_bytes - held)) {
      shards.emplace_back();
      held = 0;
    }
    held += bytes;
    shards.back().push_back(std::move(tensor));
  }
  return shards;
}

Status write_shard(Disk& disk, const std::string& path, const Shard& shard, Dtype dtype) {
  // `transformers` wants to know which framework's orientation the tensors have.
  return disk.write(path, encode_safetensors(shard, {{"format", "pt"}}, dtype), true);
}

Status write_weights(Disk& disk, const std::string& folder, const std::vector<Shard>& shards,
                     Dtype dtype) {
  if (shards.size() == 1) {
    return write_shard(disk, folder + "/" + kWeightsFile, shards.front(), dtype);
  }
  json index;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    for (const NamedTensor& tensor : shards[i]) {
      index["weight_map"][tensor.name] = name;
      total += tensor.data.size() * (dtype == Dtype::kFp32 ? 4 : 2);
    }
    TROUPE_TRY(write_shard(disk, folder + "/" + name, shards[i], dtype));
  }
  index["metadata"]["total_size"] = total;
  return disk.write(folder + "/" + kIndexFile, index.dump(2) + "\n", true);
}

}  // namespace

Status write_model_folder(Disk& disk, const std::string& folder, const Weights& weights,
                          const Tokenizer& tokenizer, const WeightFormat& format) {
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : weights.layout.tensors()) {
    tensors.push_back({spec.name, spec.shape, weights.tensor(spec)});
    if (format.dtype == Dtype::kBf16) TROUPE_TRY(check_fits_bf16(tensors.back()));
  }
  const ModelConfig& config = weights.config;
  const std::string prefix = folder + "/";
  TROUPE_TRY(disk.write(prefix + kConfigFile, config.to_json(format.dtype), true));
  TROUPE_TRY(disk.write(prefix + kGenerationFile, generation_config_text(config, tokenizer), true));
  TROUPE_TRY(disk.write(prefix + kTokenizerFile, tokenizer.json(), true));
  TROUPE_TRY(
      disk.write(prefix + kTokenizerConfigFile, tokenizer_config_text(config, tokenizer), true));
  return write_weights(disk, folder, split(std::move(tensors), format), format.dtype);
}

}  // namespace troupe
