#pragma once

#include <string>

#include "base/disk.h"
#include "model/lora.h"

namespace troupe {

/// An adapter as a file holds it.
struct LoraAdapter {
  LoraSettings settings;
  Weights weights;   ///< of lora_layout(base, settings)
  std::string base;  ///< what the file says of its base model; may be empty
};

/// Reads adapter_config.json and adapter_model.safetensors, as the PEFT library writes them, for a
/// base of the given shape. The targets are those of the tensors; every layer must have them.
/// Whatever would make another model of it (DoRA, biases, ranks of single layers, trained
/// embeddings, ...) is refused by name; missing, extra, misshapen or non-finite tensors are
/// kInvalid with file, tensor and what to do.
Result<LoraAdapter> read_lora_folder(Disk& disk, const std::string& folder,
                                     const ModelConfig& base);

/// Writes the two files into an existing folder, synced; `base` names the base model in them. The
/// PEFT library can load the result.
Status write_lora_folder(Disk& disk, const std::string& folder, const LoraSettings& settings,
                         const Weights& weights, const std::string& base);

}  // namespace troupe
