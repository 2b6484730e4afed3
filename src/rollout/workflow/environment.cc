#include "rollout/workflow/workflow.h"

namespace troupe {
namespace {

Async<void> act_into(Episode& episode, Prompt prompt, Gate::Pass pass, Result<Action>& answer) {
  const Gate::Pass held = std::move(pass);
  answer = co_await episode.act(std::move(prompt));
}

}  // namespace

Async<Result<std::vector<Action>>> act_together(Episode& episode, std::vector<Prompt> prompts) {
  std::vector<Result<Action>> answers(prompts.size());
  {
    Gate gate(episode.executor());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      spawn(act_into(episode, std::move(prompts[i]), Gate::Pass(gate), answers[i]));
    }
    // Each act() has its own deadlines; this wait ends when the last of them does.
    Status status = co_await gate.drain(Wait(2 * 3600 * kSecond, "agents acting together"));
    if (!status) co_return tl::unexpected(status.error());
  }
  std::vector<Action> actions;
  for (auto& answer : answers) {
    if (!answer) co_return tl::unexpected(answer.error());
    actions.push_back(std::move(*answer));
  }
  co_return actions;
}

Async<Result<Outcome>> EnvironmentWorkflow::play(Episode& episode, Task task) const {
  auto turn = co_await episode.reset(std::move(task));
  while (turn && !turn->done()) {
    auto actions = co_await act_together(episode, std::move(turn->prompts));
    if (!actions) co_return tl::unexpected(actions.error());
    turn = co_await episode.step(std::move(*actions));
  }
  if (!turn) co_return tl::unexpected(turn.error());
  co_return episode.finish();
}

const Workflow& follow_environment() {
  static const EnvironmentWorkflow workflow;
  return workflow;
}

}  // namespace troupe
