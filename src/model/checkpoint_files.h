#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/disk.h"
#include "model/safetensors.h"
#include "model/tokenizer.h"
#include "model/weights.h"

namespace troupe {

/// A model folder in Hugging Face's layout.
struct ModelFolder {
  Weights weights;
  std::shared_ptr<const Tokenizer> tokenizer;
};

/// Reads config.json, tokenizer.json and model.safetensors (or the shards that
/// model.safetensors.index.json names). Missing, extra, misshapen or non-finite tensors are
/// kInvalid with file, tensor, what was expected and what to do. The files are mapped while they
/// are read (FileView says what that asks of others), so that memory holds the fp32 weights once,
/// and nothing of them before every shape has been checked.
Result<ModelFolder> read_model_folder(Disk& disk, const std::string& folder,
                                      const std::string& end_token);

/// How weights are written.
struct WeightFormat {
  Dtype dtype = Dtype::kFp32;
  /// Most bytes of tensors in one file; beyond it they go to shards with an index, as
  /// `transformers` does it. A larger tensor has a shard to itself.
  std::uint64_t shard_bytes = 5'000'000'000;
};

/// Writes config.json, generation_config.json, tokenizer.json, tokenizer_config.json and
/// model.safetensors (or shards and model.safetensors.index.json) into an existing folder, synced.
/// `transformers` can load the result. kInvalid if a weight is too large for bf16.
Status write_model_folder(Disk& disk, const std::string& folder, const Weights& weights,
                          const Tokenizer& tokenizer, const WeightFormat& format = {});

/// Reads the model folder `from`, checks it, merges the adapter in the folder `adapter` into it
/// (merge_lora; empty: none), and writes it as `to`: the weights in `format`, the rest as it was.
/// `to` must be absent or an empty folder; it is complete or not there (it is written as
/// `to`.writing, then moved). Returns the model's shape.
Result<ModelConfig> convert_model_folder(Disk& disk, const std::string& from, const std::string& to,
                                         const WeightFormat& format,
                                         const std::string& adapter = "");

}  // namespace troupe
