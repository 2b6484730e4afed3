#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "model/chat.h"
#include "model/decoder.h"
#include "model/stop.h"
#include "rollout/sampling_options.h"

namespace troupe {

/// The command line of `troupe generate`.
struct GenerateArguments {
  std::string folder;
  std::vector<std::string> prompts;
  std::string prompt_file;
  long long samples = 1;
  long long max_tokens = 128;
  SamplingOptions sampling;
  std::vector<std::string> stop;
  std::vector<TokenId> stop_tokens;
  std::string end_token;
  std::string chat = "none";
  std::string system;
  std::string dtype = "fp32";
  long long kv_megabytes = 1024;
  long long seed = 1;
  long long threads = 0;
  bool logprobs = false;
  bool json = false;
};

/// A text to be continued.
struct GeneratePrompt {
  std::string text;
  std::vector<TokenId> tokens;  ///< at least one, fewer than the model's positions
};

/// Everything that a command line asks for, read and checked.
struct GenerateJob {
  const GenerateArguments& arguments;
  std::shared_ptr<const Decoder> decoder;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatFormat> chat = {};  ///< null: prompts are plain text
  SamplingSettings sampling = {};
  std::shared_ptr<const StopRule> stop = {};  ///< may be null
  std::vector<GeneratePrompt> prompts = {};

  [[nodiscard]] std::size_t samples() const {
    return prompts.size() * static_cast<std::size_t>(arguments.samples);
  }
  /// Most tokens of a sample after a prompt of `prompt` tokens.
  [[nodiscard]] int room(std::size_t prompt) const {
    return static_cast<int>(std::min<long long>(
        arguments.max_tokens, decoder->config().max_positions - static_cast<long long>(prompt)));
  }
  [[nodiscard]] std::string text(std::span<const TokenId> answer) const {
    return stop ? stop->text(answer) : tokenizer->decode(answer);
  }
};

/// Loads the model and reads the prompts. kInvalid, kNotFound: what is wrong with the arguments,
/// the folder or a prompt.
Result<GenerateJob> prepare_generate(Disk& disk, const GenerateArguments& arguments);

}  // namespace troupe
