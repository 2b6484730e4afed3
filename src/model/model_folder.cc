#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "model/checkpoint_files.h"
#include "model/json_fields.h"
#include "model/model_folder_names.h"

namespace troupe {
namespace {

using nlohmann::json;

constexpr const char* kEmbedding = "model.embed_tokens.weight";
constexpr const char* kHead = "lm_head.weight";

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return json(shape).dump(); }

/// What reading a file of the folder gave; if it is absent, also says what a model folder holds.
template <class T>
Result<T> as_part(Result<T> read) {
  if (!read && read.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kNotFound, read.error().message +
                                          "; a model folder holds config.json, tokenizer.json and "
                                          "model.safetensors (or its shards and their index)");
  }
  return read;
}

struct Found {
  std::string path;
  TensorView tensor;
  const FileView* file = nullptr;  // that the tensor lies in
};
/// A model's files, mapped, and the tensors in them.
struct OpenTensors {
  std::vector<std::unique_ptr<const FileView>> files;
  std::map<std::string, Found> by_name;
};

Status open_tensors(Disk& disk, const std::string& path, OpenTensors& out) {
  TROUPE_ASSIGN(auto view, as_part(disk.map(path)));
  auto parsed = parse_safetensors(view->bytes());
  if (!parsed) return within(path, parsed.error());
  for (TensorView& tensor : parsed->tensors) {
    const auto [place, fresh] = out.by_name.try_emplace(tensor.name);
    if (!fresh) {
      return invalid(fmt::format("{}: tensor {} is also in {}; keep one of them", path, tensor.name,
                                 place->second.path));
    }
    place->second = {path, std::move(tensor), view.get()};
  }
  out.files.push_back(std::move(view));
  return {};
}

/// The shards that the index names; each holds exactly the tensors that the index says.
Status read_shards(Disk& disk, const std::string& folder, OpenTensors& out) {
  const std::string path = folder + "/" + kIndexFile;
  TROUPE_ASSIGN(const std::string text, as_part(disk.read(path)));
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
  for (const std::string& shard : shards) TROUPE_TRY(open_tensors(disk, folder + "/" + shard, out));
  for (const auto& [name, shard] : map->items()) {
    const auto found = out.by_name.find(name);
    const std::string expected = folder + "/" + shard.get<std::string>();
    if (found == out.by_name.end() || found->second.path != expected) {
      return invalid(
          fmt::format("{}: tensor {} is missing, though {} says it is here; copy the "
                      "shard again",
                      expected, name, kIndexFile));
    }
  }
  return {};
}

/// Buffers that old checkpoints carry and that follow from the config.
bool derived(const std::string& name) { return name.ends_with(".rotary_emb.inv_freq"); }

Status check_shape(const Found& found, const TensorSpec& spec) {
  if (found.tensor.shape == spec.shape) return {};
  return invalid(fmt::format(
      "{}: tensor {} has shape {}, but config.json asks for {}; use the config.json that "
      "belongs to these weights",
      found.path, spec.name, shape_text(found.tensor.shape), shape_text(spec.shape)));
}

Status check_finite(const Found& found, std::span<const float> values) {
  const auto bad =
      std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (bad == values.end()) return {};
  return invalid(fmt::format(
      "{}: tensor {} holds {} at element {}; use a checkpoint from before the training run broke",
      found.path, found.tensor.name, *bad, bad - values.begin()));
}

bool same_values(const TensorView& a, const TensorView& b) {
  if (a.size() != b.size()) return false;
  constexpr std::size_t kPiece = 4096;
  std::vector<float> left(kPiece);
  std::vector<float> right(kPiece);
  for (std::size_t at = 0; at < a.size(); at += kPiece) {
    const std::size_t n = std::min(kPiece, a.size() - at);
    a.read(at, std::span(left).first(n));
    b.read(at, std::span(right).first(n));
    if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(n), right.begin())) {
      return false;
    }
  }
  return true;
}

/// A tied model's head is its embedding: the file may hold either name, or both if they agree.
Status settle_tied_head(std::map<std::string, Found>& tensors) {
  const auto head = tensors.find(kHead);
  if (head == tensors.end()) return {};
  const auto embedding = tensors.find(kEmbedding);
  if (embedding == tensors.end()) {
    Found moved = std::move(head->second);
    tensors.erase(head);
    tensors.emplace(kEmbedding, std::move(moved));
    return {};
  }
  const bool same = head->second.tensor.shape == embedding->second.tensor.shape &&
                    same_values(head->second.tensor, embedding->second.tensor);
  if (!same) {
    return invalid(
        fmt::format("{}: {} differs from {}, but config.json ties them; set "
                    "tie_word_embeddings to false",
                    head->second.path, kHead, kEmbedding));
  }
  tensors.erase(head);
  return {};
}

/// Every tensor of the layout is there with its shape, and nothing else. `where` is the file that a
/// missing tensor should have been in.
Status check_tensors(const ParameterLayout& layout, const std::string& where,
                     const std::map<std::string, Found>& tensors) {
  std::set<std::string> wanted;
  for (const TensorSpec& spec : layout.tensors()) {
    const auto found = tensors.find(spec.name);
    if (found == tensors.end()) {
      return invalid(
          fmt::format("{}: tensor {} {} is missing; use the config.json that belongs to "
                      "these weights, or copy them again",
                      where, spec.name, shape_text(spec.shape)));
    }
    TROUPE_TRY(check_shape(found->second, spec));
    wanted.insert(spec.name);
  }
  for (const auto& [name, found] : tensors) {
    if (derived(name) || wanted.contains(name)) continue;
    return invalid(
        fmt::format("{}: tensor {} {} has no place in the model that config.json "
                    "describes; use the config.json that belongs to these weights",
                    found.path, name, shape_text(found.tensor.shape)));
  }
  return {};
}

Result<Weights> assemble(const ModelConfig& config, const std::string& where,
                         OpenTensors& tensors) {
  // Everything is checked before the arena is allocated: a config.json with enormous sizes must
  // not take memory that no file backs. The layout itself has a few entries per layer.
  if (config.tied) TROUPE_TRY(settle_tied_head(tensors.by_name));
  TROUPE_TRY(check_tensors(ParameterLayout(config), where, tensors.by_name));
  Weights weights(config);
  for (const TensorSpec& spec : weights.layout.tensors()) {
    const Found& found = tensors.by_name.at(spec.name);
    const std::span<float> values = weights.tensor(spec);
    found.tensor.read(0, values);
    TROUPE_TRY(check_finite(found, values));
    found.file->release(found.tensor.bytes);
  }
  return weights;
}

}  // namespace

Result<ModelFolder> read_model_folder(Disk& disk, const std::string& folder,
                                      const std::string& end_token) {
  TROUPE_ASSIGN(const std::string config_text, as_part(disk.read(folder + "/" + kConfigFile)));
  const auto config = ModelConfig::from_json(config_text);
  if (!config) return within(folder + "/" + kConfigFile, config.error());

  const std::string tokenizer_path = folder + "/" + kTokenizerFile;
  TROUPE_ASSIGN(const std::string tokenizer_text, as_part(disk.read(tokenizer_path)));
  auto tokenizer = parse_tokenizer(tokenizer_text, end_token);
  if (!tokenizer) return within(tokenizer_path, tokenizer.error());
  if ((*tokenizer)->size() > config->vocab) {
    return invalid(
        fmt::format("{}: its ids go up to {}, but config.json's vocab_size is {}; use "
                    "the tokenizer that belongs to these weights",
                    tokenizer_path, (*tokenizer)->size() - 1, config->vocab));
  }

  OpenTensors tensors;
  std::string where = folder + "/" + kWeightsFile;
  if (!disk.exists(where) && disk.exists(folder + "/" + kIndexFile)) {
    where = folder + "/" + kIndexFile;
    TROUPE_TRY(read_shards(disk, folder, tensors));
  } else {
    TROUPE_TRY(open_tensors(disk, where, tensors));
  }
  TROUPE_ASSIGN(Weights weights, assemble(*config, where, tensors));
  return ModelFolder{std::move(weights), std::move(*tokenizer)};
}

}  // namespace troupe
