#include "rollout/workflow/planner_executor_critic.h"

namespace troupe {

void PlannerExecutorCriticWorkflow::declare(OptionSet& options) {
  options.add("attempts", &attempts_, "Answers of the executor at most.").range(2, 16);
}

Async<Result<Action>> PlannerExecutorCriticWorkflow::answer(Episode& episode, Prompt shown) const {
  auto plan = co_await ask(episode, "planner", shown.text);
  if (!plan) co_return plan;
  std::string asked = shown.text + quote(*plan);
  for (std::int64_t attempt = 1;; ++attempt) {
    auto answer = co_await ask(episode, "executor", asked);
    if (!answer || attempt == attempts_) co_return answer;
    const std::string task = attempt == 1 ? shown.text : "";
    auto verdict = co_await ask_verdict(episode, "critic", task + quote(*answer), answer->text);
    if (!verdict) co_return verdict;
    if (!refuses(*verdict)) co_return answer;
    asked = "n>";
  }
}

}  // namespace troupe
