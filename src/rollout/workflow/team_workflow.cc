#include "rollout/workflow/team_workflow.h"

#include <fmt/format.h>

namespace troupe {

Status TeamWorkflow::prepare(const EnvironmentSpec& environment) {
  if (environment.agents().size() == 1 && environment.contexts_per_agent() == 1) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("workflow.name = \"{}\" puts a team around one agent with one context, "
                          "but environment {} has {} agents and {} contexts: choose workflow.name "
                          "= \"environment\"",
                          name(), environment.name(), environment.agents().size(),
                          environment.contexts_per_agent()));
}

std::vector<std::string> TeamWorkflow::agents(const EnvironmentSpec&) const { return team(); }

int TeamWorkflow::contexts_per_agent(const EnvironmentSpec&) const { return 1; }

int TeamWorkflow::max_turns(const EnvironmentSpec& environment) const {
  return environment.max_turns() * turns_per_answer();
}

Async<Result<Outcome>> TeamWorkflow::play(Episode& episode, Task task) const {
  auto turn = co_await episode.reset(std::move(task));
  while (turn && !turn->done()) {
    Prompt shown = turn->prompts.front();
    const std::string agent = shown.agent;  // as the environment calls it
    auto action = co_await answer(episode, std::move(shown));
    if (!action) co_return tl::unexpected(action.error());
    action->agent = agent;
    std::vector<Action> actions;
    actions.push_back(std::move(*action));
    turn = co_await episode.step(std::move(actions));
  }
  if (!turn) co_return tl::unexpected(turn.error());
  co_return episode.finish();
}

Async<Result<Action>> ask(Episode& episode, std::string agent, std::string text) {
  Prompt prompt;
  prompt.agent = std::move(agent);
  prompt.text = std::move(text);
  return episode.act(std::move(prompt));
}

Async<Result<Action>> ask_verdict(Episode& episode, std::string agent, std::string text,
                                  std::string judged) {
  Prompt prompt;
  prompt.agent = std::move(agent);
  prompt.text = std::move(text);
  Lesson lesson;
  lesson.judges = std::move(judged);
  return episode.act(std::move(prompt), std::move(lesson));
}

std::vector<std::string> numbered(const std::string& prefix, std::int64_t count) {
  std::vector<std::string> out;
  for (std::int64_t i = 1; i <= count; ++i) out.push_back(fmt::format("{}_{}", prefix, i));
  return out;
}

std::string quote(const std::vector<Action>& answers) {
  std::string out;
  for (const Action& answer : answers) out += (out.empty() ? "" : "|") + answer.text;
  return out + ">";
}

std::string quote(const Action& answer) { return answer.text + ">"; }

bool refuses(const Action& verdict) { return verdict.text.starts_with("n"); }

}  // namespace troupe
