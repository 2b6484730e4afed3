#pragma once

#include <memory>
#include <string>

#include "environment/dataset/grader.h"
#include "rollout/reward/reward_source.h"

namespace troupe {

struct FunctionRewardOptions {
  std::string function = "exact_match";  ///< exact_match, contains, regex or numeric
  std::string field = "answer";          ///< of the task's payload: what is right
  std::string agent;                     ///< whose last answer counts; "": the last of all
  std::string pattern;                   ///< regex: required; numeric: picks the number out
  double tolerance = 1e-6;               ///< numeric
};

/// Compares an answer with a field of the task, text or number: 1 for every agent and success if it
/// is right, else 0. exact_match, regex and numeric are the dataset environment's verifiers
/// (environment/dataset/grader.h); contains: the field's text occurs in the answer.
/// A task without the field is kInvalid. Never waits.
class FunctionReward final : public RewardSource {
 public:
  /// kInvalid: the pattern.
  static Result<std::unique_ptr<FunctionReward>> make(FunctionRewardOptions options,
                                                      std::size_t agents);
  Async<Result<Score>> score(RewardRequest request) override;

 private:
  FunctionReward(FunctionRewardOptions options, std::size_t agents)
      : options_(std::move(options)), agents_(agents) {}
  Result<Score> compare(const RewardRequest& request) const;

  FunctionRewardOptions options_;
  std::size_t agents_;
  std::unique_ptr<Grader> grader_;  ///< none: contains
};

/// The last answer of `agent`, or of all ("" for agent); "" if there is none.
const Exchange* last_exchange(const std::vector<Exchange>& exchanges, const std::string& agent);
/// A text or number of the task's payload, as text.
Result<std::string> payload_answer(const Task& task, const std::string& field);

}  // namespace troupe
