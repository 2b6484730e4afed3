#include "rollout/reward/make_reward.h"

#include <fmt/format.h>

#include <cstdlib>

#include "model/checkpoint_files.h"
#include "model/decoder.h"
#include "rollout/local_engine.h"
#include "rollout/reward/function_reward.h"
#include "rollout/reward/http_reward.h"
#include "rollout/reward/judge_reward.h"
#include "rollout/reward/verifier_reward.h"

namespace troupe {
namespace {

using Source = Result<std::unique_ptr<RewardSource>>;

RewardTerms terms(const RewardOptions& o, const std::vector<std::string>& agents) {
  return {agents, o.min, o.max};
}

Source make_verifier(Executor& executor, const RewardOptions& o,
                     const std::vector<std::string>& agents) {
  const bool shut_in = o.sandbox == "bubblewrap";
  SandboxFence fence;
  fence.processes = static_cast<int>(o.processes) + 8;  // so that the limit is seen to be passed
  auto sandbox =
      Sandbox::make(shut_in ? Sandbox::Kind::kBubblewrap : Sandbox::Kind::kNone, o.command, fence);
  if (!sandbox) {
    if (sandbox.error().code == ErrorCode::kNotFound) {
      return fail(ErrorCode::kInvalid, "reward.command: " + sandbox.error().message);
    }
    return fail(
        ErrorCode::kInvalid,
        fmt::format("reward.sandbox = \"bubblewrap\": {} (reward.sandbox = \"none\", if the "
                    "verifier runs nothing of what agents say)",
                    sandbox.error().message));
  }
  SandboxLimits limits;
  limits.memory_bytes = static_cast<std::uint64_t>(o.memory_megabytes) << 20;
  limits.threads = static_cast<int>(o.processes);
  return std::make_unique<VerifierReward>(executor, std::move(*sandbox), limits, terms(o, agents));
}

Source make_http(Executor& executor, const RewardOptions& o,
                 const std::vector<std::string>& agents) {
  HttpReward::Setting setting;
  auto url = parse_url(o.url);
  if (!url) return within("reward.url", url.error());
  setting.url = std::move(*url);
  setting.timeout = o.timeout;
  if (!o.token_variable.empty()) {
    const char* token = std::getenv(o.token_variable.c_str());
    if (token == nullptr || *token == '\0') {
      return fail(ErrorCode::kInvalid,
                  fmt::format("reward.token_variable: the environment variable {} is not set",
                              o.token_variable));
    }
    setting.token = token;
  }
  return std::make_unique<HttpReward>(executor, std::move(setting), terms(o, agents));
}

Source make_function(const RewardOptions& o, const std::vector<std::string>& agents) {
  FunctionRewardOptions f;
  f.function = o.function;
  f.field = o.field;
  f.agent = o.agent;
  f.pattern = o.pattern;
  f.tolerance = o.tolerance;
  return FunctionReward::make(std::move(f), agents.size());
}

Source make_judge(Executor& executor, Disk& disk, const RewardOptions& o,
                  const std::vector<std::string>& agents) {
  auto folder = read_model_folder(disk, o.judge_model, o.judge_end_token);
  if (!folder) return within("reward.judge_model", folder.error());
  JudgeReward::Setting s;
  s.tokenizer = folder->tokenizer;
  if (s.tokenizer->end() < 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("reward.judge_model: {} does not say which token ends an answer: set "
                            "reward.judge_end_token",
                            o.judge_model));
  }
  if (o.judge_chat != "none") {
    auto chat = ChatFormat::make(o.judge_chat, s.tokenizer, "");
    if (!chat) return within("reward.judge_chat", chat.error());
    s.chat = std::move(*chat);
  }
  TROUPE_ASSIGN(const Dtype dtype, parse_dtype(o.judge_dtype));
  const std::shared_ptr<const Decoder> decoder = std::make_shared<const Decoder>(
      std::make_shared<const Weights>(std::move(folder->weights)), dtype);
  LocalEngine::Options engine;
  engine.max_sessions = o.concurrency;
  engine.kv_bytes = static_cast<std::uint64_t>(o.judge_kv_megabytes) << 20;
  engine.end_token = s.tokenizer->end();
  s.engine = std::make_unique<LocalEngine>(executor, engine, Version(), decoder);
  s.max_context = decoder->config().max_positions;
  s.max_answer = static_cast<int>(o.judge_tokens);
  s.temperature = static_cast<float>(o.judge_temperature);
  s.yes_no = o.judge_grading == "yes_no";
  s.yes = o.judge_yes;
  s.no = o.judge_no;
  s.agents = agents.size();
  s.min = o.min;
  s.max = o.max;
  s.pass = o.judge_pass;
  auto prompt =
      JudgePrompt::make({o.judge_grading, o.judge_prompt, o.agent, o.field, o.judge_scale});
  if (!prompt) return within("reward.judge_prompt", prompt.error());
  return JudgeReward::make(std::move(s), std::move(*prompt));
}

}  // namespace

Result<std::unique_ptr<RewardStage>> make_reward_stage(Executor& executor, Disk& disk,
                                                       const RewardOptions& options,
                                                       const std::vector<std::string>& agents) {
  if (options.kind == "environment") return nullptr;
  Source source = options.kind == "function"   ? make_function(options, agents)
                  : options.kind == "verifier" ? make_verifier(executor, options, agents)
                  : options.kind == "http"     ? make_http(executor, options, agents)
                                               : make_judge(executor, disk, options, agents);
  if (!source) return tl::unexpected(source.error());
  RewardStage::Settings settings;
  settings.agents = agents.size();
  settings.concurrency = static_cast<int>(options.concurrency);
  settings.retries = static_cast<int>(options.retries);
  settings.failure_reward = options.min;
  settings.time = {options.lambda, options.t_min, options.t_max};
  return std::make_unique<RewardStage>(executor, std::move(*source), std::move(settings));
}

}  // namespace troupe
