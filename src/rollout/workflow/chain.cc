#include "rollout/workflow/chain.h"

namespace troupe {

void ChainWorkflow::declare(OptionSet& options) {
  options.add("agents", &agents_, "Agents in the chain.").range(2, 16);
}

Async<Result<Action>> ChainWorkflow::answer(Episode& episode, Prompt shown) const {
  Result<Action> answer;
  std::string before;
  for (const std::string& agent : team()) {
    answer = co_await ask(episode, agent, shown.text + before);
    if (!answer) co_return answer;
    before = quote(*answer);
  }
  co_return answer;
}

}  // namespace troupe
