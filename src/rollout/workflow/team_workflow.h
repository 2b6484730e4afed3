#pragma once

#include "rollout/workflow/workflow.h"

namespace troupe {

/// A team around an environment that knows one agent: wherever the environment prompts its agent,
/// the team works out one answer. A workflow of this kind is the coroutine answer(), mostly.
class TeamWorkflow : public Workflow {
 public:
  /// kInvalid unless the environment has one agent with one context.
  Status prepare(const EnvironmentSpec& environment) override;
  bool has_team() const final { return true; }
  std::vector<std::string> agents(const EnvironmentSpec& environment) const final;
  int contexts_per_agent(const EnvironmentSpec& environment) const override;
  int max_turns(const EnvironmentSpec& environment) const override;
  std::string alphabet() const override { return ">|"; }
  Async<Result<Outcome>> play(Episode& episode, Task task) const override;

 protected:
  /// The team's agents.
  virtual std::vector<std::string> team() const = 0;
  /// Most turns of one agent while the team works out one answer.
  virtual int turns_per_answer() const { return 1; }
  /// Works out the team's answer to what the environment shows.
  virtual Async<Result<Action>> answer(Episode& episode, Prompt shown) const = 0;
};

/// Asks an agent, in its own context of the episode.
Async<Result<Action>> ask(Episode& episode, std::string agent, std::string text);
/// Asks for a verdict, "y" or "n", on `judged`, as the answer to what the environment showed last.
Async<Result<Action>> ask_verdict(Episode& episode, std::string agent, std::string text,
                                  std::string judged);

/// "PREFIX_1" to "PREFIX_COUNT".
std::vector<std::string> numbered(const std::string& prefix, std::int64_t count);

/// How a prompt quotes answers: their texts as they are, '|' between them and '>' behind the last.
std::string quote(const std::vector<Action>& answers);
std::string quote(const Action& answer);

/// True if a verdict, "y" or "n", refuses what it judges: it begins with 'n'.
bool refuses(const Action& verdict);

}  // namespace troupe
