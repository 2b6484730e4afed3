#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "cli/generate.h"
#include "model/checkpoint_files.h"

namespace troupe {
namespace {

/// Where a model becomes something that runs.
std::shared_ptr<const Decoder> make_decoder(Weights weights, Dtype dtype) {
  return std::make_shared<const Decoder>(std::make_shared<const Weights>(std::move(weights)),
                                         dtype);
}

/// "top_k = 3 would ..." as "--top-k = 3 would ...".
tl::unexpected<Error> as_flag(Error error) {
  for (char& c : error.message) {
    if (c == ' ') break;
    if (c == '_') c = '-';
  }
  error.message.insert(0, "--");
  return tl::unexpected<Error>(std::move(error));
}

Result<std::vector<std::string>> read_prompts(Disk& disk, const GenerateArguments& arguments) {
  if (!arguments.prompts.empty()) return arguments.prompts;
  if (!arguments.prompt_file.empty()) {
    TROUPE_ASSIGN(std::string text, disk.read(arguments.prompt_file));
    return std::vector<std::string>{std::move(text)};
  }
  if (isatty(STDIN_FILENO) != 0) fmt::print(stderr, "One prompt a line; Ctrl-D ends.\n");
  std::vector<std::string> lines;
  for (std::string line; std::getline(std::cin, line);) lines.push_back(line);
  if (!lines.empty()) return lines;
  return fail(ErrorCode::kInvalid,
              "no prompt: give --prompt, --prompt-file or lines on standard input");
}

Result<GeneratePrompt> make_prompt(const GenerateJob& job, std::string text, std::size_t number) {
  const std::string name = fmt::format("prompt {}", number + 1);
  auto tokens = encode_prompt(*job.tokenizer, job.chat.get(), text, PromptPlace::kFirst);
  if (!tokens) return within(name, tokens.error());
  const int positions = job.decoder->config().max_positions;
  if (tokens->empty() || static_cast<int>(tokens->size()) >= positions) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{} has {} tokens; the model's max_position_embeddings allow 1 to {}: "
                    "{} the prompt",
                    name, tokens->size(), positions - 1, tokens->empty() ? "lengthen" : "shorten"));
  }
  const int most = static_cast<int>(tokens->size()) + job.room(tokens->size());
  const std::uint64_t bytes = KvCache::bytes(job.decoder->config(), most, job.decoder->dtype());
  if (bytes > static_cast<std::uint64_t>(job.arguments.kv_megabytes) << 20) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{} and its sample may need {} MiB of KV cache: raise --kv-megabytes or "
                    "lower --max-tokens",
                    name, (bytes >> 20) + 1));
  }
  return GeneratePrompt{std::move(text), std::move(*tokens)};
}

}  // namespace

Result<GenerateJob> prepare_generate(Disk& disk, const GenerateArguments& arguments) {
  TROUPE_ASSIGN(const Dtype dtype, parse_dtype(arguments.dtype));
  TROUPE_ASSIGN(ModelFolder folder, read_model_folder(disk, arguments.folder, arguments.end_token));
  GenerateJob job{arguments, make_decoder(std::move(folder.weights), dtype), folder.tokenizer};
  if (arguments.chat != "none") {
    auto chat = ChatFormat::make(arguments.chat, job.tokenizer, arguments.system);
    if (!chat) return within("--chat", chat.error());
    job.chat = std::move(*chat);
  } else if (!arguments.system.empty()) {
    return fail(ErrorCode::kInvalid, "--system would do nothing: --chat is none; name a format");
  }
  const auto sampling = arguments.sampling.settings();
  if (!sampling) return as_flag(sampling.error());
  const Status checked = check_sampling(*sampling, job.decoder->config().vocab);
  if (!checked) return as_flag(checked.error());
  job.sampling = *sampling;
  const auto stop_tokens =
      with_model_ends(arguments.stop_tokens, job.decoder->config().eos, *job.tokenizer);
  if (!arguments.stop.empty() || !stop_tokens.empty()) {
    auto stop = StopRule::make(job.tokenizer, stop_tokens, arguments.stop);
    if (!stop) return within("--stop, --stop-token", stop.error());
    job.stop = std::move(*stop);
  }
  TROUPE_ASSIGN(auto texts, read_prompts(disk, arguments));
  for (std::string& text : texts) {
    TROUPE_ASSIGN(GeneratePrompt prompt, make_prompt(job, std::move(text), job.prompts.size()));
    job.prompts.push_back(std::move(prompt));
  }
  return job;
}

}  // namespace troupe
