#include "rollout/reward/judge_reward.h"

#include <fmt/format.h>

#include <cmath>

#include "rollout/completion.h"

namespace troupe {
namespace {

Result<TokenId> first_token(const Tokenizer& tokenizer, const std::string& word,
                            const char* option) {
  const auto ids = tokenizer.encode(word);
  if (!ids) return within(option, ids.error());
  if (!ids->empty()) return ids->front();
  return fail(ErrorCode::kInvalid, fmt::format("{} is empty", option));
}

}  // namespace

Result<std::unique_ptr<JudgeReward>> JudgeReward::make(Setting setting, JudgePrompt prompt) {
  std::unique_ptr<JudgeReward> out(new JudgeReward(std::move(setting), std::move(prompt)));
  const Setting& s = out->setting_;
  if (!s.yes_no) return out;
  TROUPE_ASSIGN(out->yes_, first_token(*s.tokenizer, s.yes, "reward.judge_yes"));
  TROUPE_ASSIGN(out->no_, first_token(*s.tokenizer, s.no, "reward.judge_no"));
  if (out->yes_ != out->no_) return out;
  return fail(ErrorCode::kInvalid,
              fmt::format("reward.judge_yes = \"{}\" and reward.judge_no = \"{}\" begin with the "
                          "same token; choose other words",
                          s.yes, s.no));
}

/// The probability of `token` next, from the log-prob that is recorded when a bias forces it:
/// log-probs are those before the bias.
Async<Result<double>> JudgeReward::likelihood(std::vector<TokenId> prompt, TokenId token) {
  CompletionRequest request;
  request.prompt = std::move(prompt);
  request.max_tokens = 1;
  request.sampling.temperature = 0;
  LogitBias force;
  force.token = token;
  force.bias = 1e6F;
  request.sampling.logit_bias.push_back(force);
  auto said = co_await complete(*setting_.engine, std::move(request), setting_.turn_wait);
  if (!said) co_return tl::unexpected(said.error());
  if (said->tokens.size() != 1 || said->tokens.front() != token) {
    co_return fail(ErrorCode::kInternal, "a forced token was not sampled");
  }
  co_return std::exp(static_cast<double>(said->logprobs.front()));
}

Async<Result<double>> JudgeReward::compare(std::vector<TokenId> prompt) {
  auto yes = co_await likelihood(prompt, yes_);
  if (!yes) co_return yes;
  auto no = co_await likelihood(std::move(prompt), no_);
  if (!no) co_return no;
  if (!(*yes + *no > 0)) {
    co_return fail(ErrorCode::kUnavailable, "the judge finds both yes and no impossible");
  }
  co_return *yes / (*yes + *no);
}

Async<Result<double>> JudgeReward::read_words(std::vector<TokenId> prompt, std::uint64_t seed) {
  CompletionRequest request;
  request.prompt = std::move(prompt);
  request.max_tokens = setting_.max_answer;
  request.sampling.temperature = setting_.temperature;
  request.seed = seed;
  auto said = co_await complete(*setting_.engine, std::move(request), setting_.turn_wait);
  if (!said) co_return tl::unexpected(said.error());
  const std::string words = setting_.tokenizer->decode(said->tokens);
  const auto grade = prompt_.grade(words);
  if (grade) co_return *grade;
  co_return fail(ErrorCode::kUnavailable,
                 fmt::format("the judge said \"{}\", which holds no grade", words));
}

Async<Result<Score>> JudgeReward::score(RewardRequest request) {
  auto text = prompt_.render(request);
  if (!text) co_return tl::unexpected(text.error());
  auto prompt = encode_prompt(*setting_.tokenizer, setting_.chat.get(), *text, PromptPlace::kFirst);
  if (!prompt) co_return within("the judge's prompt", prompt.error());
  Score score;
  const int answer = setting_.yes_no ? 1 : setting_.max_answer;
  if (static_cast<int>(prompt->size()) + answer > setting_.max_context) {
    score.limit = "context";
    co_return score;
  }
  Result<double> grade;
  if (setting_.yes_no) {
    grade = co_await compare(std::move(*prompt));
  } else {
    grade = co_await read_words(std::move(*prompt), request.seed);
  }
  if (!grade) co_return tl::unexpected(grade.error());
  const double reward = setting_.min + (setting_.max - setting_.min) * *grade;
  score.outcome.rewards.assign(setting_.agents, reward);
  score.outcome.success = *grade >= setting_.pass;
  co_return score;
}

}  // namespace troupe
