#include "rollout/workflow/debate.h"

#include "rollout/workflow/vote.h"

namespace troupe {

void DebateWorkflow::declare(OptionSet& options) {
  options.add("debaters", &debaters_, "Agents that debate.").range(2, 16);
  options.add("rounds", &rounds_, "Times that each debater answers; 1: they only vote.")
      .range(1, 16);
}

Async<Result<Action>> DebateWorkflow::answer(Episode& episode, Prompt shown) const {
  const std::vector<std::string> debaters = team();
  std::vector<Action> said;
  for (std::int64_t round = 0; round < rounds_; ++round) {
    std::vector<Prompt> prompts;
    for (const std::string& debater : debaters) {
      std::vector<Action> others = said;
      std::erase_if(others, [&](const Action& action) { return action.agent == debater; });
      prompts.push_back({debater, round == 0 ? shown.text : quote(others)});
    }
    auto answers = co_await act_together(episode, std::move(prompts));
    if (!answers) co_return tl::unexpected(answers.error());
    said = std::move(*answers);
  }
  co_return majority(said);
}

}  // namespace troupe
