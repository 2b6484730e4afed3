#pragma once

#include <memory>
#include <string>

#include "model/chat.h"
#include "rollout/engine.h"
#include "rollout/reward/judge_prompt.h"

namespace troupe {

/// A frozen model grades the episode, through an engine of its own.
///
/// yes_no: the grade is P(yes) / (P(yes) + P(no)) of the first token that it would say next;
/// nothing is sampled. score: it answers in a few tokens, greedy or by the request's seed, and the
/// first number in them over the scale is the grade. The reward of every agent is min + (max - min)
/// * grade, success is a grade of at least `pass`.
///
/// An episode that does not fit the judge's context is a Score with the limit "context". Words that
/// hold no grade are the judge's failure (kUnavailable).
class JudgeReward final : public RewardSource {
 public:
  struct Setting {
    std::unique_ptr<RolloutEngine> engine;
    std::shared_ptr<const Tokenizer> tokenizer;
    std::shared_ptr<const ChatFormat> chat;  ///< none: the prompt is plain text
    int max_context = 0;                     ///< tokens
    int max_answer = 8;                      ///< tokens; score only
    float temperature = 0;                   ///< score only
    bool yes_no = true;
    std::string yes = "yes", no = "no";  ///< whose first tokens are compared
    std::size_t agents = 1;
    double min = 0, max = 1, pass = 0.5;
    Wait turn_wait = Wait(3600 * kSecond, "room in the judge's engine");
  };
  /// kInvalid: yes and no begin with the same token.
  static Result<std::unique_ptr<JudgeReward>> make(Setting setting, JudgePrompt prompt);
  Async<Result<Score>> score(RewardRequest request) override;

 private:
  JudgeReward(Setting setting, JudgePrompt prompt)
      : setting_(std::move(setting)), prompt_(std::move(prompt)) {}
  Async<Result<double>> likelihood(std::vector<TokenId> prompt, TokenId token);
  Async<Result<double>> compare(std::vector<TokenId> prompt);
  Async<Result<double>> read_words(std::vector<TokenId> prompt, std::uint64_t seed);

  Setting setting_;
  JudgePrompt prompt_;
  TokenId yes_ = 0;
  TokenId no_ = 0;
};

}  // namespace troupe
