#include "rollout/reward/function_reward.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "environment/dataset/answers.h"

namespace troupe {

const Exchange* last_exchange(const std::vector<Exchange>& exchanges, const std::string& agent) {
  for (auto it = exchanges.rbegin(); it != exchanges.rend(); ++it) {
    if (agent.empty() || it->action.agent == agent) return &*it;
  }
  return nullptr;
}

Result<std::string> payload_answer(const Task& task, const std::string& field) {
  const auto payload = nlohmann::json::parse(task.payload, nullptr, false);
  if (payload.is_object() && payload.contains(field)) {
    const auto& value = payload.at(field);
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number()) return value.dump();
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("task '{}' has no text or number \"{}\" that an answer could be compared "
                          "with; set reward.field to a field of the task",
                          task.id, field));
}

Result<std::unique_ptr<FunctionReward>> FunctionReward::make(FunctionRewardOptions options,
                                                             std::size_t agents) {
  std::unique_ptr<FunctionReward> out(new FunctionReward(std::move(options), agents));
  const FunctionRewardOptions& o = out->options_;
  if (o.function == "contains") return out;
  GraderOptions grading;
  grading.verifier = o.function == "exact_match" ? "exact" : o.function;
  grading.pattern = o.pattern;
  grading.tolerance = o.tolerance;
  auto grader = Grader::make(grading, Rows(), "");
  if (!grader) return within("reward", grader.error());
  out->grader_ = std::move(*grader);
  return out;
}

Result<Score> FunctionReward::compare(const RewardRequest& request) const {
  TROUPE_ASSIGN(const std::string text, payload_answer(request.task, options_.field));
  DatasetRow row;
  row.answer = final_answer(text);
  if (options_.function == "numeric" && !whole_number_text(row.answer)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("task '{}': its {} '{}' is not a number; use another reward.function",
                            request.task.id, options_.field, text));
  }
  const Exchange* exchange = last_exchange(request.exchanges, options_.agent);
  const std::string answer = exchange != nullptr ? exchange->action.text : "";
  bool right = false;
  if (grader_) {
    TROUPE_ASSIGN(const Outcome graded, grader_->grade(row, request.task, answer));
    right = graded.success;
  } else {
    right = !row.answer.empty() && answer.find(row.answer) != std::string::npos;
  }
  Score score;
  score.outcome.rewards.assign(agents_, right ? 1.0 : 0.0);
  score.outcome.success = right;
  return score;
}

Async<Result<Score>> FunctionReward::score(RewardRequest request) { co_return compare(request); }

}  // namespace troupe
