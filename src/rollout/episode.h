#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experience/trajectory.h"
#include "model/chat.h"
#include "model/tokenizer.h"
#include "rollout/cancel.h"
#include "rollout/engine.h"
#include "troupe/environment.h"

namespace troupe {

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
};
using AgentBindings = std::map<std::string, AgentBinding>;

/// Names an episode; all its randomness follows from `seed`.
struct EpisodeId {
  std::string input;  ///< the task's place in the run, unique within it
  int member = 0;     ///< which of the group's episodes
  std::uint64_t seed = 0;
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
/// recomputed. Lives on the strand. The environment's own failures are errors and never rewards
/// (law 6).
class Episode {
 public:
  Episode(Executor& executor, const EnvironmentSpec& spec, const AgentBindings& agents,
          EpisodeId id, Wait turn_wait, std::shared_ptr<Cancel> cancel = nullptr);

  /// Resets the environment on `task`.
  Async<Result<Turn>> reset(Task task);
  /// Lets the prompt's agent answer: the prompt is appended to the context that it names, an answer
  /// is sampled. A context is always an exact extension of what the agent saw and said in it.
  Async<Result<Action>> act(Prompt prompt);
  /// Hands the actions to the environment.
  Async<Result<Turn>> step(std::vector<Action> actions);
  /// Ends the episode: rewards go to the trajectories, which are then in the order of agents(),
  /// then by context. kUnavailable if the environment's rewards name what was not played.
  Result<Outcome> finish();

  [[nodiscard]] const std::vector<Trajectory>& trajectories() const { return trajectories_; }
  [[nodiscard]] std::vector<Trajectory> take_trajectories() { return std::move(trajectories_); }
  [[nodiscard]] const std::vector<Exchange>& exchanges() const { return exchanges_; }
  /// How often an answer was given back unfinished and went on under new weights.
  [[nodiscard]] int resumed() const { return pieces_; }
  [[nodiscard]] Executor& executor() { return executor_; }

 private:
  struct Speaker {
    const AgentBinding* binding = nullptr;
    std::shared_ptr<Session> session;
    std::vector<TokenId> context;
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
  /// The tokens to append to the speaker's context for a prompt.
  static Result<std::vector<TokenId>> hear(const Speaker& self, const Prompt& prompt);

  Async<Result<Generation>> sample(Speaker& self, GenerateRequest request);

  Executor& executor_;
  const EnvironmentSpec& spec_;
  const AgentBindings& agents_;
  EpisodeId id_;
  Wait turn_wait_;
  std::shared_ptr<Cancel> cancel_;
  int pieces_ = 0;
  std::unique_ptr<Environment> environment_;
  std::map<Place, Speaker> speakers_;
  std::vector<Trajectory> trajectories_;
  std::vector<Exchange> exchanges_;
};

/// How agents and environment take turns. A workflow is a coroutine over an Episode; errors are
/// infrastructure failures.
using Workflow = Async<Result<Outcome>> (*)(Episode&, Task);

/// The environment says who acts; agents prompted together answer side by side.
Async<Result<Outcome>> follow_environment(Episode& episode, Task task);

}  // namespace troupe
