#include "rollout/workflow/per_turn.h"

namespace troupe {
namespace {

struct Candidate {
  std::unique_ptr<Episode> branch, playout;
  Result<Action> answer;
  Result<double> earned = 0.0;
};

Async<void> ask(Candidate& self, std::string text, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  self.answer = co_await ask(*self.branch, "solver", text);
}

/// Plays on from the candidate's answer to the end. `agent`: as the environment calls the solver.
Async<void> play_out(Candidate& self, std::string agent, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  Result<Action> action = *self.answer;
  while (true) {
    std::vector<Action> actions;
    actions.push_back(std::move(*action));
    actions.back().agent = agent;
    auto turn = co_await self.playout->step(std::move(actions));
    if (!turn) {
      self.earned = tl::unexpected(turn.error());
      co_return;
    }
    if (turn->done()) break;
    action = co_await ask(*self.playout, "solver", turn->prompts.front().text);
    if (!action) {
      self.earned = tl::unexpected(action.error());
      co_return;
    }
  }
  self.earned = self.playout->outcome().rewards.front();
}

}  // namespace

void PerTurnWorkflow::declare(OptionSet& options) {
  options.add("turn_samples", &turn_samples_, "Answers to each prompt of the environment.")
      .range(2, 256);
}

int PerTurnWorkflow::contexts_per_agent(const EnvironmentSpec& environment) const {
  return static_cast<int>(turn_samples_) * environment.max_turns();
}

Async<Result<Action>> PerTurnWorkflow::answer(Episode& episode, Prompt shown) const {
  if (!episode.trains()) {
    Result<Action> only = co_await ask(episode, "solver", shown.text);
    co_return only;
  }
  std::vector<Candidate> all(static_cast<std::size_t>(turn_samples_));
  const Wait wait(2 * 3600 * kSecond, "branches of an episode");
  Gate gate(episode.executor());
  for (Candidate& one : all) {
    one.branch = episode.fork(episode.turns());
    spawn(ask(one, shown.text, Gate::Pass(gate)));
  }
  Status asked = co_await gate.drain(wait);
  if (!asked) co_return tl::unexpected(asked.error());
  for (Candidate& one : all) {
    if (!one.answer) co_return tl::unexpected(one.answer.error());
    one.playout = one.branch->fork();
  }
  for (Candidate& one : all) spawn(play_out(one, shown.agent, Gate::Pass(gate)));
  Status played = co_await gate.drain(wait);
  if (!played) co_return tl::unexpected(played.error());
  const Candidate* best = &all.front();
  for (const Candidate& one : all) {
    if (!one.earned) co_return tl::unexpected(one.earned.error());
    if (*one.earned > *best->earned) best = &one;
  }
  episode.follow(*best->branch);
  Action chosen = *best->answer;
  for (Candidate& one : all) {
    std::map<std::string, double> rewards;
    rewards["solver"] = *one.earned;
    episode.join(*one.branch, rewards);
  }
  co_return chosen;
}

}  // namespace troupe
