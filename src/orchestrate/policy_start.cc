#include "orchestrate/policy_start.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace troupe {
namespace {

Status check_base_shape(const PolicyOptions& policy) {
  const ModelOptions standard;
  const ModelOptions& m = policy.model;
  const std::pair<const char*, bool> given[] = {
      {"family", m.family != standard.family},
      {"width", m.width != standard.width},
      {"layers", m.layers != standard.layers},
      {"heads", m.heads != standard.heads},
      {"kv_heads", m.kv_heads != standard.kv_heads},
      {"head_dim", m.head_dim != standard.head_dim},
      {"ffn", m.ffn != standard.ffn},
      {"max_positions", m.max_positions != standard.max_positions},
      {"rope_theta", m.rope_theta != standard.rope_theta},
      {"tied", m.tied != standard.tied}};
  std::vector<std::string> names;
  for (const auto& [name, is_given] : given) {
    if (is_given) names.emplace_back(std::string("model.") + name);
  }
  if (names.empty()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("policy \"{}\": {} would do nothing: the shape comes from model.base = "
                          "{}; remove what belongs to a new model",
                          policy.name, fmt::join(names, ", "), m.base));
}

/// How evaluations sample, checked against the vocabulary.
Status check_eval_sampling(const RunOptions& options, int vocab) {
  const auto settings = options.eval.sampling.settings();
  const Status status =
      settings ? check_sampling(*settings, vocab) : Status(tl::unexpected(settings.error()));
  if (status) return {};
  return fail(status.error().code, "eval." + status.error().message);
}

/// The rule of rollout.stop, rollout.stop_tokens and the base model's own ends; null if there are
/// none.
Result<std::shared_ptr<const StopRule>> make_stop(const RunOptions& options,
                                                  const ModelConfig& config,
                                                  std::shared_ptr<const Tokenizer> tokenizer) {
  std::vector<TokenId> tokens;
  for (const double id : options.rollout.stop_tokens) {
    if (id != std::floor(id) || std::abs(id) > 1e9) {
      return fail(ErrorCode::kInvalid, fmt::format("{} is no token id; expected an integer", id));
    }
    tokens.push_back(static_cast<TokenId>(id));
  }
  tokens = with_model_ends(std::move(tokens), config.eos, *tokenizer);
  if (tokens.empty() && options.rollout.stop.empty()) return nullptr;
  return StopRule::make(std::move(tokenizer), std::move(tokens), options.rollout.stop);
}

}  // namespace

Result<PolicyStart> make_policy_start(Disk& disk, const RunOptions& options,
                                      const PolicyOptions& policy, BaseFolders& folders) {
  auto limits = [&](PolicyStart start) -> Result<PolicyStart> {
    const int positions = start.config.max_positions;
    const std::int64_t answer = options.rollout.max_answer;
    const std::int64_t context = options.rollout.max_context;
    start.max_answer =
        static_cast<int>(answer == 0 ? options.environment->max_answer() + 1 : answer);
    start.max_context = static_cast<int>(context == 0 ? positions : context);
    if (start.max_context > positions) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("rollout.max_context is {} but policy \"{}\" has {} positions: lower it "
                      "or raise model.max_positions",
                      start.max_context, policy.name, positions));
    }
    if (start.tokenizer->size() > start.config.vocab) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("policy \"{}\": the tokenizer has {} ids but the model a vocabulary of {}",
                      policy.name, start.tokenizer->size(), start.config.vocab));
    }
    if (start.max_answer >= start.max_context) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("policy \"{}\": an answer of {} tokens leaves no room for a prompt in "
                      "{}: lower rollout.max_answer or raise rollout.max_context",
                      policy.name, start.max_answer, start.max_context));
    }
    TROUPE_TRY(check_eval_sampling(options, start.config.vocab));
    auto stop = make_stop(options, start.config, start.tokenizer);
    if (!stop) return within("rollout.stop, rollout.stop_tokens", stop.error());
    start.stop = std::move(*stop);
    return start;
  };
  if (!policy.model.base.empty()) {
    TROUPE_TRY(check_base_shape(policy));
    auto folder = folders.read(disk, policy.model.base, policy.model.end_token);
    if (!folder) return within(fmt::format("policy \"{}\"", policy.name), folder.error());
    if (folder->tokenizer->end() < 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("policy \"{}\": {} does not say which token ends an answer: set "
                              "model.end_token",
                              policy.name, policy.model.base));
    }
    std::shared_ptr<const ChatFormat> chat;
    if (policy.model.chat != "none") {
      auto made = ChatFormat::make(policy.model.chat, folder->tokenizer, policy.model.system);
      if (!made) return within(fmt::format("policy \"{}\"", policy.name), made.error());
      chat = *made;
    }
    TROUPE_ASSIGN(const LoraSettings lora, policy.model.lora());
    return limits(PolicyStart{folder->weights->config, folder->weights, folder->tokenizer, chat, 0,
                              0, nullptr, lora});
  }
  if (policy.model.lora_rank > 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("policy \"{}\" has lora_rank = {} but no base: set model.base in its "
                            "table, or lora_rank = 0",
                            policy.name, policy.model.lora_rank));
  }
  const std::string alphabet = options.environment->alphabet();
  if (alphabet.empty()) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("environment {} speaks free text: set model.base to a checkpoint with a "
                    "tokenizer",
                    options.environment_name));
  }
  std::shared_ptr<const Tokenizer> tokenizer = make_symbol_tokenizer(alphabet);
  auto config = policy.model.config(tokenizer->size(), tokenizer->end());
  if (!config) return within(fmt::format("policy \"{}\"", policy.name), config.error());
  return limits(PolicyStart{*config, nullptr, tokenizer, nullptr, 0, 0, nullptr});
}

}  // namespace troupe
