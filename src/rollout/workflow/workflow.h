#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/options.h"
#include "rollout/episode.h"

namespace troupe {

/// Past versions of policies to play against: the newest `pool` of those after 0, `every`,
/// 2 `every`, ... steps.
struct PastVersions {
  std::int64_t pool = 8;
  std::int64_t every = 10;
};

/// How agents and environment take turns: who is asked what, and who sees whose answers
/// (docs/workflows.md says how to write one).
///
/// One object per run. play() is a coroutine and may run for many episodes at once: it keeps what
/// it knows of an episode in its own frame, and takes all that is random from the episode. Errors
/// of play() are infrastructure failures, never outcomes: whatever agents say is legal.
class Workflow {
 public:
  virtual ~Workflow() = default;
  virtual std::string name() const = 0;
  /// One line for `troupe workflow list`.
  virtual std::string summary() const = 0;
  /// Adds the workflow's options (table `workflow` of the run file) to `options`.
  virtual void declare(OptionSet& options) { (void)options; }
  /// Called once, after the options are bound. kInvalid: it cannot be played in this environment.
  virtual Status prepare(const EnvironmentSpec& environment) {
    (void)environment;
    return {};
  }
  /// True: a team around the environment's one agent, with its reward in common (team_spec.h).
  virtual bool has_team() const { return false; }
  /// Who plays.
  virtual std::vector<std::string> agents(const EnvironmentSpec& environment) const {
    return environment.agents();
  }
  /// Most contexts of one agent in an episode, and most turns of one context.
  virtual int contexts_per_agent(const EnvironmentSpec& environment) const {
    return environment.contexts_per_agent();
  }
  virtual int max_turns(const EnvironmentSpec& environment) const {
    return environment.max_turns();
  }
  /// Every character that its prompts add to those of the environment.
  virtual std::string alphabet() const { return ""; }
  /// True: an episode has several rows of an agent that are to be compared with each other.
  virtual bool compares_branches() const { return false; }
  /// Set: one agent of each group plays with a past version (opponents.h).
  virtual std::optional<PastVersions> past() const { return std::nullopt; }
  /// Most answers that the first prompt of a context quotes.
  virtual int quoted() const { return 0; }
  /// Plays an episode to its end.
  virtual Async<Result<Outcome>> play(Episode& episode, Task task) const = 0;
};

/// Answers of agents that are prompted together, sampled side by side; in the prompts' order. The
/// first error in that order is the result.
Async<Result<std::vector<Action>>> act_together(Episode& episode, std::vector<Prompt> prompts);

/// The environment says who acts; agents prompted together answer side by side. The default.
class EnvironmentWorkflow final : public Workflow {
 public:
  std::string name() const override { return "environment"; }
  std::string summary() const override { return "the environment says who acts"; }
  Async<Result<Outcome>> play(Episode& episode, Task task) const override;
};

/// A coroutine without agents or options of its own: for tests and benchmarks.
class CoroutineWorkflow final : public Workflow {
 public:
  using Play = Async<Result<Outcome>> (*)(Episode&, Task);
  explicit CoroutineWorkflow(Play coroutine) : play_(coroutine) {}
  std::string name() const override { return "coroutine"; }
  std::string summary() const override { return "a coroutine"; }
  Async<Result<Outcome>> play(Episode& episode, Task task) const override {
    return play_(episode, std::move(task));
  }

 private:
  Play play_;
};

/// The one EnvironmentWorkflow that is needed.
const Workflow& follow_environment();

}  // namespace troupe
