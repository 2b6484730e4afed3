#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "experience/trajectory.h"
#include "model/chat.h"
#include "model/tokenizer.h"
#include "rollout/cancel.h"
#include "rollout/engine.h"
#include "troupe/environment.h"

namespace troupe {

class Concurrency;

/// How an agent speaks: which engine samples for it, with which tokenizer and limits.
struct AgentBinding {
  std::string policy;
  RolloutEngine* engine = nullptr;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatFormat> chat;  ///< of the tokenizer; none: prompts are plain text
  int max_answer_tokens = 16;              ///< per turn, the end token included
  int max_context = 256;                   ///< tokens of the whole trajectory
  SamplingSettings sampling;
  std::shared_ptr<const StopRule> stop;  ///< what ends answers besides the end token; may be null
  /// Of the engine, for the whole episode; null: each answer begins with what the engine serves.
  std::shared_ptr<const EngineWeights> weights;
  bool frozen = false;  ///< its rows are not kept: nobody learns from what it said
};
using AgentBindings = std::map<std::string, AgentBinding>;

/// Names an episode; all its randomness follows from `seed`.
struct EpisodeId {
  std::string input;  ///< the task's place in the run, unique within it
  int member = 0;     ///< which of the group's episodes
  std::uint64_t seed = 0;
};

/// Answers in the agents' place, for warm starts: rows have its answers, without log-probs.
struct Teacher {
  Rng rng;
  double noise = 0;  ///< in [0, 1]: how often an answer is corrupted (Environment::demonstrate)
};

/// What a teacher says to a prompt. By default what the environment's teacher does. With `judges`,
/// a verdict: "y" if this text, as the answer to what the environment asked last, would end the
/// episode with success, otherwise "n"; corrupted, either of them.
struct Lesson {
  std::optional<std::string> judges = std::nullopt;
};

/// A prompt and its answer, as a person would read them.
struct Exchange {
  Prompt prompt;
  Action action;
};

/// One run of a workflow on one task: an environment, and a trajectory per agent that speaks and
/// context that it speaks in. An agent with one context keeps its session, and with it the KV
/// cache, until the episode ends. One with several keeps none between answers, so that an episode
/// never waits for memory that its own answered contexts hold; what a context needs again is
/// recomputed. The same goes for episodes that fork. Lives on the strand. The environment's own
/// failures are errors and never rewards (law 6).
class Episode {
 public:
  Episode(Executor& executor, const EnvironmentSpec& spec, const AgentBindings& agents,
          EpisodeId id, Wait turn_wait, std::shared_ptr<Cancel> cancel = nullptr);

  /// Shares a budget of answers at once with other episodes; before the first act().
  void share(Concurrency& budget);
  /// How many episodes its group still lacks, itself included; may change.
  void hurry(std::shared_ptr<const int> group_lacks) { group_lacks_ = std::move(group_lacks); }
  /// A teacher answers from now on, and no engine is asked.
  void teach(Teacher& teacher) { teacher_ = &teacher; }
  /// It is an evaluation: nobody learns from it, and rewards must choose nothing.
  void evaluate() { evaluating_ = true; }
  [[nodiscard]] bool trains() const { return !evaluating_ && teacher_ == nullptr; }

  /// Resets the environment on `task`.
  Async<Result<Turn>> reset(Task task);
  /// Lets the prompt's agent answer: the prompt is appended to the context that it names, an answer
  /// is sampled. A context is always an exact extension of what the agent saw and said in it.
  Async<Result<Action>> act(Prompt prompt, Lesson lesson = Lesson());
  /// Hands the actions to the environment.
  Async<Result<Turn>> step(std::vector<Action> actions);
  /// What the environment would score if it were handed `actions` now; nothing if the episode would
  /// go on. Asks a copy of it.
  Async<Result<std::optional<Outcome>>> outcome_if(std::vector<Action> actions);

  /// A branch that shares all tokens so far and goes on by itself, while no agent answers. What an
  /// agent says in it from now on is a row of its own; what was said before is shown in that row
  /// and not trained on again. Branches, and branches of branches, are numbered from 1 in the order
  /// in which they are made, and their agents' randomness follows from the number: fork where that
  /// order does not depend on timing. The row's context is the number too, unless `context` says
  /// otherwise. A branch's environment is made by playing the episode's actions again, once it
  /// steps.
  std::unique_ptr<Episode> fork(std::optional<int> context = std::nullopt);
  /// The agents go on from where those of a branch are. What they said there is shown in the
  /// episode's own rows, and the environment knows nothing of it yet.
  void follow(const Episode& branch);
  /// Takes over a branch's rows and exchanges, at its end. `rewards` by agent: what they earn in
  /// the place of the agents' rewards of the whole episode.
  void join(Episode& branch, const std::map<std::string, double>& rewards = {});

  /// Ends the episode with the environment's outcome, or with another that a workflow makes of it:
  /// rewards go to the trajectories, which are then in the order of agents(), then by context.
  /// kUnavailable if rewards name what was not played.
  [[nodiscard]] Outcome outcome() const;
  Result<Outcome> finish() { return finish(outcome()); }
  Result<Outcome> finish(Outcome outcome);

  [[nodiscard]] const std::vector<Trajectory>& trajectories() const { return trajectories_; }
  [[nodiscard]] std::vector<Trajectory> take_trajectories() { return std::move(trajectories_); }
  [[nodiscard]] const std::vector<Exchange>& exchanges() const { return exchanges_; }
  [[nodiscard]] std::vector<Exchange> take_exchanges() { return std::move(exchanges_); }
  /// How often an answer was given back unfinished and went on under new weights.
  [[nodiscard]] int resumed() const { return pieces_; }
  [[nodiscard]] Executor& executor() { return executor_; }
  /// Turns that the environment has taken actions for.
  [[nodiscard]] int turns() const { return static_cast<int>(actions_.size()); }

 private:
  struct Speaker {
    const AgentBinding* binding = nullptr;
    std::shared_ptr<Session> session;
    TokenContext context;
    std::size_t trajectory = 0;  ///< index into trajectories_
    std::uint64_t seed = 0;      ///< each turn's follows from it
    int turns = 0;
    bool cut = false;  ///< the last answer has no end token
    bool acting = false;
    /// Of each prompt: the last segment of its answer. None: the context had no room left.
    std::vector<std::optional<std::size_t>> answers;
  };
  using Place = std::pair<std::string, int>;  ///< agent, context
  Result<Speaker*> speaker(const Prompt& prompt);
  /// Gives back the sessions of an agent with several contexts, but those that answer now.
  void release_idle(const std::string& agent);
  Status reward(const Outcome& outcome);
  /// What another speaker's agent knows, in a row that shows it.
  void copy_context(const Episode& from, const Speaker& known, Speaker& self);
  /// The tokens to append to the speaker's context for a prompt.
  static Result<std::vector<TokenId>> hear(const Speaker& self, const Prompt& prompt);

  /// An answer of the engine, or of the teacher, to what the context ends with.
  Async<Result<Generation>> sample(Speaker& self, int room);
  Async<Result<Generation>> sample_pieces(Speaker& self, GenerateRequest request);
  Async<Result<Generation>> taught(Speaker& self, Prompt prompt, Lesson lesson, std::string& text);
  static tl::unexpected<Error> too_long(const Speaker& self, const std::string& agent,
                                        std::size_t tokens);
  Async<Result<std::string>> lesson_text(const Prompt& prompt, Lesson lesson);
  /// The environment as it is after all actions so far, made anew.
  Async<Result<std::shared_ptr<Environment>>> replay();
  Async<Result<Turn>> reset_it(Environment& environment);
  Async<Result<Turn>> step_it(Environment& environment, const std::vector<Action>& actions);

  Executor& executor_;
  const EnvironmentSpec& spec_;
  const AgentBindings& agents_;
  EpisodeId id_;
  Wait turn_wait_;
  std::shared_ptr<Cancel> cancel_;
  Concurrency* budget_ = nullptr;
  std::int64_t ticket_ = 0;  ///< of the budget
  Teacher* teacher_ = nullptr;
  std::shared_ptr<const int> group_lacks_;
  bool evaluating_ = false;
  bool unscored_ = false;  ///< a demonstration that was not played to its very end
  int pieces_ = 0;
  int branch_ = 0;                                         ///< number of the fork; 0: none
  std::shared_ptr<int> forks_ = std::make_shared<int>(0);  ///< of the whole tree
  int branch_context_ = 0;                                 ///< of a fork's rows
  bool forked_ = false;  ///< has forked or is a fork: no session is kept between answers
  Task task_;
  std::uint64_t environment_seed_ = 0;
  std::vector<Prompt> asked_;                 ///< by the environment's last turn
  std::vector<std::vector<Action>> actions_;  ///< that the environment was handed, turn by turn
  /// Forks share it until one of those that share it steps, which makes one of its own.
  std::shared_ptr<Environment> environment_;
  /// By agent and sample id.
  std::map<std::pair<std::string, std::string>, double> branch_rewards_;
  std::map<Place, Speaker> speakers_;
  std::vector<Trajectory> trajectories_;
  std::vector<Exchange> exchanges_;
};

}  // namespace troupe
