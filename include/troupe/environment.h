#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "troupe/result.h"

namespace troupe {

class ExactMetric;
class OptionSet;
class Rng;

/// One problem: a dataset row or a generated instance. `id` is stable and unique within its
/// environment; `payload` is JSON text that only the environment reads.
struct Task {
  std::string id;
  std::string payload;
};

/// Tasks are split so that evaluation never sees what training saw.
enum class Split { kTrain, kHeldOut };

/// What an agent is shown and must answer.
struct Prompt {
  std::string agent;  ///< the role that acts, one of EnvironmentSpec::agents()
  std::string text;   ///< appended to the context
  /// Which of the agent's contexts, from 0: one that was not used before begins empty, and makes a
  /// row of its own (independent attempts, a summary in place of what went before). A turn prompts
  /// each context at most once.
  int context = 0;
};

/// An agent's answer to its prompt. `truncated`: the length limit cut it off.
struct Action {
  std::string agent;
  std::string text;
  bool truncated = false;
  /// Log-prob of the whole answer, in nats: the sum over its tokens, its end included, after
  /// temperature. How sure the agent was, for environments that rank answers. 0 (certain) where
  /// nothing was sampled: a teacher's or a person's answer.
  double logprob = 0;
};

/// Who acts next; no prompts means that the episode is over.
struct Turn {
  std::vector<Prompt> prompts;
  [[nodiscard]] bool done() const { return prompts.empty(); }
};

/// What one of an agent's contexts earned, in place of the agent's reward.
struct ContextReward {
  std::string agent;
  int context = 0;
  double reward = 0;
};

/// What one answer earned by itself. The agent's reward is still that of the whole episode.
struct TurnReward {
  std::string agent;
  int context = 0;
  int turn = 0;  ///< of the context, from 0
  double reward = 0;
};

/// The score of a finished episode: one reward per agent, in the order of agents(), and what the
/// environment knows beyond that.
struct Outcome {
  std::vector<double> rewards;
  bool success = false;
  std::vector<ContextReward> contexts = {};  ///< each context at most once
  std::vector<TurnReward> turns = {};        ///< each answer at most once
  /// For difference rewards: the team's reward had agent i not played its part, in the order of
  /// agents(); empty: unknown.
  std::vector<double> without = {};
  /// The limit that an agent's action ran into, and that decided the episode ("time", "memory",
  /// ...): an outcome, counted by name. Empty: none.
  std::string limit = {};
};

/// One episode's world. It speaks text and knows nothing of tokens or policies.
///
/// Contract: a function of (task, seed, actions) alone. Any text is a legal argument of step():
/// an illegal move is an outcome, not an error. An error (kUnavailable, kIo) means that the
/// environment itself failed, through no fault of the agents; the episode is retried, never scored.
/// Not thread-safe; one call at a time.
class Environment {
 public:
  virtual ~Environment() = default;
  /// Starts an episode on `task`. Called first, exactly once.
  virtual Result<Turn> reset(const Task& task, std::uint64_t seed) = 0;
  /// Takes one action per prompt of the last turn, in the prompts' order.
  virtual Result<Turn> step(const std::vector<Action>& actions) = 0;
  /// Legal once a turn is done().
  virtual Outcome outcome() const = 0;
  /// A teacher's answer to `prompt` of the current turn, for warm starts. `noise` in [0, 1] is the
  /// chance that the answer is corrupted (plausible in form, arbitrary in content).
  /// kNotFound where no teacher exists.
  virtual Result<std::string> demonstrate(const Prompt& prompt, double noise, Rng& rng) const = 0;
};

/// A kind of environment: its options, its tasks, its agents. One object per run.
/// Const methods may be called from several threads at once.
class EnvironmentSpec {
 public:
  virtual ~EnvironmentSpec() = default;
  virtual std::string name() const = 0;
  /// One line for `troupe env list`.
  virtual std::string summary() const = 0;
  /// The best possible mean reward and success rate, with the reason.
  virtual std::string optimum() const = 0;
  /// Adds this environment's options (table `environment` of the run file) to `options`.
  virtual void declare(OptionSet& options) = 0;
  /// Called once, after the options are bound; checks them together, opens files.
  virtual Status prepare() = 0;
  /// Roles, in the order of Outcome::rewards.
  virtual std::vector<std::string> agents() const = 0;
  /// Every character that prompts and sensible answers can hold, in a fixed order: the alphabet of
  /// the symbol-level tokenizer. Empty: needs a tokenizer that covers any text.
  virtual std::string alphabet() const = 0;
  /// Number of distinct tasks in a split, if finite. Indices beyond it wrap around.
  virtual std::optional<std::uint64_t> size(Split split) const = 0;
  /// The index-th task of a split. The same (split, index) is the same task in every process.
  virtual Result<Task> task(Split split, std::uint64_t index) const = 0;
  virtual std::unique_ptr<Environment> make() const = 0;
  /// Longest sensible answer in characters, and most turns of one context: defaults for limits.
  virtual int max_answer() const = 0;
  virtual int max_turns() const = 0;
  /// Most contexts of one agent in an episode: memory is reserved for as many.
  virtual int contexts_per_agent() const { return 1; }
  /// Bounds of every reward, of contexts' and answers' too.
  virtual std::pair<double, double> reward_range() const = 0;
  /// The best possible mean reward per agent, if known exactly: what the teacher scores without
  /// noise, averaged over a whole split or over any sample of an endless one.
  virtual std::optional<double> best_reward() const { return std::nullopt; }
  /// True where both splits hold the same problems because there are only a few of them. Anywhere
  /// else the payloads of the two splits are disjoint.
  virtual bool splits_overlap() const { return false; }
  /// An exact measure of the team (troupe/metric.h), if the environment has one. Null: it has none.
  virtual std::shared_ptr<const ExactMetric> exact_metric() const { return nullptr; }
  /// True if reset() or step() may block (child process, network): calls then leave the strand, for
  /// threads that wait beside the workers. Each wait needs a deadline of its own.
  virtual bool may_block() const { return false; }
};

}  // namespace troupe
