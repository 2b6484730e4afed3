#pragma once

#include <memory>
#include <optional>
#include <string>

#include "environment/dataset/pattern.h"
#include "rollout/reward/reward_source.h"

namespace troupe {

/// How a judge is asked for a grade and how its words are read.
struct JudgePromptOptions {
  std::string grading = "yes_no";  ///< yes_no, or score
  std::string text;                ///< "": one for the grading
  std::string agent;               ///< whose last answer is judged; "": the last of all
  std::string field = "answer";    ///< of the task's payload, for {reference}
  double scale = 10;               ///< score: the best grade; 0 is the worst
};

/// The judge's prompt: a text with {answer} and, as far as wanted, {prompt} (what the agent was
/// shown last), {transcript} (all that was said), {reference} (the task's field) and {scale}.
/// Immutable.
class JudgePrompt {
 public:
  /// kInvalid: an unknown placeholder, or none for the answer.
  static Result<JudgePrompt> make(JudgePromptOptions options);

  /// kInvalid if the task lacks the reference.
  [[nodiscard]] Result<std::string> render(const RewardRequest& request) const;
  /// The first number in the judge's words over the scale, in [0, 1]; nothing if there is none or
  /// it is larger than the scale.
  [[nodiscard]] std::optional<double> grade(const std::string& words) const;

 private:
  JudgePrompt() = default;
  JudgePromptOptions options_;
  bool wants_reference_ = false;
  std::shared_ptr<const Pattern> number_;
};

}  // namespace troupe
