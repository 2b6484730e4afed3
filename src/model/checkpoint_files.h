#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "model/tokenizer.h"
#include "model/weights.h"

namespace troupe {

/// A named fp32 tensor for write_safetensors; `data` is borrowed.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> data;
};

/// safetensors bytes: 8-byte little-endian header length, JSON header (padded with spaces to 8),
/// data in the given order. `metadata` entries are text pairs.
std::string encode_safetensors(const std::vector<NamedTensor>& tensors,
                               const std::vector<std::pair<std::string, std::string>>& metadata);

/// A parsed safetensors file: values converted to fp32 (F32, F16, BF16 are read).
struct SafetensorsFile {
  struct Tensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<float> values;
  };
  std::vector<Tensor> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;
  [[nodiscard]] const Tensor* find(const std::string& name) const;
};

/// Never reads or allocates beyond the file's own size; kInvalid says what is wrong.
Result<SafetensorsFile> decode_safetensors(std::string_view bytes);

/// A model folder in Hugging Face's layout.
struct ModelFolder {
  Weights weights;
  std::shared_ptr<const Tokenizer> tokenizer;
};

/// Reads config.json, tokenizer.json and model.safetensors (or the shards that
/// model.safetensors.index.json names). Missing, extra, misshapen or non-finite tensors are
/// kInvalid with file, tensor, what was expected and what to do.
Result<ModelFolder> read_model_folder(Disk& disk, const std::string& folder,
                                      const std::string& end_token);

/// Writes config.json, generation_config.json, tokenizer.json, tokenizer_config.json and
/// model.safetensors into an existing folder, synced. `transformers` can load the result.
Status write_model_folder(Disk& disk, const std::string& folder, const Weights& weights,
                          const Tokenizer& tokenizer);

}  // namespace troupe
