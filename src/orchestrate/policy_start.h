#pragma once

#include <memory>

#include "base/disk.h"
#include "model/chat.h"
#include "model/config.h"
#include "model/lora.h"
#include "model/stop.h"
#include "model/tokenizer.h"
#include "model/weights.h"
#include "orchestrate/run_options.h"
#include "orchestrate/shared_bases.h"

namespace troupe {

/// A policy before any training, with its limits.
struct PolicyStart {
  ModelConfig config;
  std::shared_ptr<const Weights> weights;  ///< of the base; null: a new model by seed
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatFormat> chat;  ///< none: prompts are plain text
  int max_answer = 0;
  int max_context = 0;
  std::shared_ptr<const StopRule> stop;  ///< may be null
  LoraSettings lora{};                   ///< rank 0: the whole model is trained
};

/// Takes no memory for a new model, so that a plan can refuse it.
Result<PolicyStart> make_policy_start(Disk& disk, const RunOptions& options,
                                      const PolicyOptions& policy, BaseFolders& folders);

}  // namespace troupe
