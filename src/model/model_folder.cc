#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "model/checkpoint_files.h"
#include "model/json_fields.h"

namespace troupe {
namespace {

using nlohmann::json;

constexpr const char* kConfig = "config.json";
constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kEmbedding = "model.embed_tokens.weight";
constexpr const char* kHead = "lm_head.weight";

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return json(shape).dump(); }

/// Reads a file of the folder; an absent one says what a model folder holds.
Result<std::string> read_part(Disk& disk, const std::string& path) {
  auto bytes = disk.read(path);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kNotFound, bytes.error().message +
                                          "; a model folder holds config.json, tokenizer.json and "
                                          "model.safetensors (or its shards and their index)");
  }
  return bytes;
}

struct Found {
  std::string path;
  SafetensorsFile::Tensor tensor;
};
using Tensors = std::map<std::string, Found>;

Status read_tensors(Disk& disk, const std::string& path, Tensors& out) {
  TROUPE_ASSIGN(const std::string bytes, read_part(disk, path));
  auto file = decode_safetensors(bytes);
  if (!file) return within(path, file.error());
  for (SafetensorsFile::Tensor& tensor : file->tensors) {
    const auto [place, fresh] = out.try_emplace(tensor.name);
    if (!fresh) {
      return invalid(fmt::format("{}: tensor {} is also in {}; keep one of them", path, tensor.name,
                                 place->second.path));
    }
    place->second = {path, std::move(tensor)};
  }
  return {};
}

/// The shards that the index names; each holds exactly the tensors that the index says.
Status read_shards(Disk& disk, const std::string& folder, Tensors& out) {
  const std::string path = folder + "/" + kIndex;
  TROUPE_ASSIGN(const std::string text, read_part(disk, path));
  auto index = parse_json_object(text);
  if (!index) return within(path, index.error());
  const auto map = index->find("weight_map");
  if (map == index->end() || !map->is_object() || map->empty()) {
    return invalid(path + ": weight_map is missing or empty; copy the index again");
  }
  std::set<std::string> shards;
  for (const auto& [name, shard] : map->items()) {
    if (!shard.is_string() || shard.get<std::string>().find('/') != std::string::npos) {
      return invalid(fmt::format("{}: weight_map puts {} in {}; expected a file of this folder",
                                 path, name, brief_json(shard)));
    }
    shards.insert(shard.get<std::string>());
  }
  for (const std::string& shard : shards) TROUPE_TRY(read_tensors(disk, folder + "/" + shard, out));
  for (const auto& [name, shard] : map->items()) {
    const auto found = out.find(name);
    const std::string expected = folder + "/" + shard.get<std::string>();
    if (found == out.end() || found->second.path != expected) {
      return invalid(
          fmt::format("{}: tensor {} is missing, though {} says it is here; copy the "
                      "shard again",
                      expected, name, kIndex));
    }
  }
  return {};
}

/// Buffers that old checkpoints carry and that follow from the config.
bool derived(const std::string& name) { return name.ends_with(".rotary_emb.inv_freq"); }

Status check_tensor(const Found& found, const TensorSpec& spec) {
  if (found.tensor.shape != spec.shape) {
    return invalid(
        fmt::format("{}: tensor {} has shape {}, but config.json asks for {}; use the "
                    "config.json that belongs to these weights",
                    found.path, spec.name, shape_text(found.tensor.shape), shape_text(spec.shape)));
  }
  const auto& values = found.tensor.values;
  const auto bad =
      std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (bad == values.end()) return {};
  return invalid(
      fmt::format("{}: tensor {} holds {} at element {}; use a checkpoint from before "
                  "the training run broke",
                  found.path, spec.name, *bad, bad - values.begin()));
}

/// A tied model's head is its embedding: the file may hold either name, or both if they agree.
Status settle_tied_head(Tensors& tensors) {
  const auto head = tensors.find(kHead);
  if (head == tensors.end()) return {};
  const auto embedding = tensors.find(kEmbedding);
  if (embedding == tensors.end()) {
    Found moved = std::move(head->second);
    tensors.erase(head);
    tensors.emplace(kEmbedding, std::move(moved));
    return {};
  }
  if (head->second.tensor.shape != embedding->second.tensor.shape ||
      head->second.tensor.values != embedding->second.tensor.values) {
    return invalid(
        fmt::format("{}: {} differs from {}, but config.json ties them; set "
                    "tie_word_embeddings to false",
                    head->second.path, kHead, kEmbedding));
  }
  tensors.erase(head);
  return {};
}

/// `where` is the file that a missing tensor should have been in.
Result<Weights> assemble(const ModelConfig& config, const std::string& where, Tensors tensors) {
  // Everything is checked before the arena is allocated: a config.json with enormous sizes must
  // not take memory that no file backs.
  if (config.tied) TROUPE_TRY(settle_tied_head(tensors));
  const ParameterLayout layout(config);
  for (const TensorSpec& spec : layout.tensors()) {
    const auto found = tensors.find(spec.name);
    if (found == tensors.end()) {
      return invalid(
          fmt::format("{}: tensor {} {} is missing; use the config.json that belongs to "
                      "these weights, or copy them again",
                      where, spec.name, shape_text(spec.shape)));
    }
    TROUPE_TRY(check_tensor(found->second, spec));
  }
  for (const auto& [name, found] : tensors) {
    if (derived(name) || layout.find(name) != nullptr) continue;
    return invalid(
        fmt::format("{}: tensor {} {} has no place in the model that config.json "
                    "describes; use the config.json that belongs to these weights",
                    found.path, name, shape_text(found.tensor.shape)));
  }
  Weights weights(config);
  for (const TensorSpec& spec : weights.layout.tensors()) {
    const auto& values = tensors.at(spec.name).tensor.values;
    std::copy(values.begin(), values.end(), weights.tensor(spec).begin());
    tensors.erase(spec.name);  // frees it
  }
  return weights;
}

/// "" if the tokenizer.json does not name the id.
std::string token_text(const Tokenizer& tokenizer, TokenId id) {
  const json source = json::parse(tokenizer.json(), nullptr, false);
  if (!source.is_object()) return "";
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
/// config.json may name another.
std::string generation_config_text(const ModelConfig& config, const Tokenizer& tokenizer) {
  json out = json::object();
  const TokenId end = tokenizer.end() >= 0 ? tokenizer.end() : -1;
  if (config.bos >= 0) out["bos_token_id"] = config.bos;
  if (end >= 0) out["eos_token_id"] = end;
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

}  // namespace

Result<ModelFolder> read_model_folder(Disk& disk, const std::string& folder,
                                      const std::string& end_token) {
  TROUPE_ASSIGN(const std::string config_text, read_part(disk, folder + "/" + kConfig));
  const auto config = ModelConfig::from_json(config_text);
  if (!config) return within(folder + "/" + kConfig, config.error());

  const std::string tokenizer_path = folder + "/" + kTokenizer;
  TROUPE_ASSIGN(const std::string tokenizer_text, read_part(disk, tokenizer_path));
  auto tokenizer = parse_tokenizer(tokenizer_text, end_token);
  if (!tokenizer) return within(tokenizer_path, tokenizer.error());
  if ((*tokenizer)->size() > config->vocab) {
    return invalid(
        fmt::format("{}: its ids go up to {}, but config.json's vocab_size is {}; use "
                    "the tokenizer that belongs to these weights",
                    tokenizer_path, (*tokenizer)->size() - 1, config->vocab));
  }

  Tensors tensors;
  std::string where = folder + "/" + kWeights;
  if (!disk.exists(where) && disk.exists(folder + "/" + kIndex)) {
    where = folder + "/" + kIndex;
    TROUPE_TRY(read_shards(disk, folder, tensors));
  } else {
    TROUPE_TRY(read_tensors(disk, where, tensors));
  }
  TROUPE_ASSIGN(Weights weights, assemble(*config, where, std::move(tensors)));
  return ModelFolder{std::move(weights), std::move(*tokenizer)};
}

Status write_model_folder(Disk& disk, const std::string& folder, const Weights& weights,
                          const Tokenizer& tokenizer) {
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : weights.layout.tensors()) {
    tensors.push_back({spec.name, spec.shape, weights.tensor(spec)});
  }
  const ModelConfig& config = weights.config;
  const std::string prefix = folder + "/";
  TROUPE_TRY(disk.write(prefix + kConfig, config.to_json(), true));
  TROUPE_TRY(disk.write(prefix + "generation_config.json",
                        generation_config_text(config, tokenizer), true));
  TROUPE_TRY(disk.write(prefix + kTokenizer, tokenizer.json(), true));
  TROUPE_TRY(
      disk.write(prefix + "tokenizer_config.json", tokenizer_config_text(config, tokenizer), true));
  // `transformers` wants to know which framework's orientation the tensors have.
  return disk.write(prefix + kWeights, encode_safetensors(tensors, {{"format", "pt"}}), true);
}

}  // namespace troupe
