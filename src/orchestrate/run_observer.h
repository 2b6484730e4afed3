#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "troupe/metric.h"

namespace troupe {

/// Seconds by state ("generate", "backward", "wait: rollout tail", ...).
using StateSeconds = std::map<std::string, double>;

/// When a stage of a step began and ended, in nanoseconds of the run's clock; -1: it did not.
struct StageSpan {
  std::int64_t begin = -1;
  std::int64_t end = -1;
};

/// The stages of one policy's step, first beginning to last end. They overlap where the pipeline
/// lets them.
struct StepStages {
  StageSpan generate;  ///< of the groups that were admitted for the step; the same for all policies
  StageSpan reward;
  StageSpan backward;
  StageSpan optimizer;
  StageSpan publish;
};

/// What became of the groups and episodes that were admitted for a step.
struct FlowCounts {
  std::int64_t failed_groups = 0;    ///< for reasons outside the agents; not replaced
  std::int64_t filtered_groups = 0;  ///< no gradient; replaced
  std::int64_t put_off_groups = 0;   ///< ended unfinished, to be played again in a later step
  std::int64_t spare_episodes = 0;   ///< finished, and not needed
  std::int64_t kept_episodes = 0;    ///< that the store had from before a restart
  std::int64_t resumed_answers = 0;  ///< interrupted by new weights, and gone on with
  /// Times that an episode was played again after a failure outside the agents.
  std::int64_t retried_episodes = 0;
  /// Episodes that a limit decided which an agent's action ran into, by the limit's name.
  std::map<std::string, std::int64_t> limits = {};
  // Sampled tokens of whole episodes that no step trains on.
  std::int64_t failed_tokens = 0;
  std::int64_t filtered_tokens = 0;
  std::int64_t put_off_tokens = 0;
  std::int64_t spare_tokens = 0;
};

/// One policy's numbers of one optimizer step. Means are over the step's samples.
struct PolicyStep {
  std::string policy;
  std::int64_t version = 0;  ///< the version that generated, and that the gradient is taken at
  std::vector<std::string> agents;
  double reward = 0;
  double success = 0;          ///< share of episodes
  double response_length = 0;  ///< sampled tokens per trajectory
  double truncated = 0;        ///< share of trajectories cut by a length limit
  double entropy = 0;          ///< nats per token
  double gradient_norm = 0;    ///< before clipping
  double learning_rate = 0;
  double kl = 0;                     ///< to the reference policy, nats per token (k3 estimate)
  double clip_fraction = 0;          ///< share of tokens whose ratio left the clip range
  double effective_sample_size = 0;  ///< (sum w)^2 / (n sum w^2) of token ratios w, in [0, 1]
  double critic_loss = 0;            ///< half the squared error of its values; 0 without a critic
  double staleness = 0;              ///< largest, in versions
  double logprob_mismatch = 0;       ///< largest |rollout - trainer| of current-version tokens
  std::int64_t groups = 0;
  std::int64_t filtered_groups = 0;     ///< replaced, since all rewards were equal
  std::int64_t zero_signal_groups = 0;  ///< all rewards equal: no gradient
  std::int64_t tokens_generated = 0;
  std::int64_t tokens_trained = 0;
  StepStages stages;
  std::vector<std::int64_t> staleness_tokens;  ///< trained sampled tokens by their staleness
  bool skipped = false;                        ///< the step was not finite and was not taken
  std::string skip_reason;
  /// What publishing `version` took (Publications::numbers()); empty: it was not.
  NamedNumbers published = {};
};

/// One global step of the run.
struct StepReport {
  std::int64_t step = 0;   ///< 1-based
  std::int64_t steps = 0;  ///< planned
  std::string phase;       ///< "warm_start" or "rl"
  double seconds = 0;      ///< wall time of the step
  double elapsed = 0;      ///< wall time of the run (this process)
  double fraction_done =
      0;  ///< for the progress bar, by steps or by max_seconds, whichever is further
  double seconds_left = 0;  ///< estimate; < 0: unknown
  std::vector<PolicyStep> policies;
  FlowCounts flow;
  std::int64_t began = 0;  ///< when the step began, nanoseconds of the run's clock
  /// By all engines since the step before, evaluations left out. In overlap this runs ahead of what
  /// is trained on: only totals over the run compare.
  std::int64_t tokens_sampled = 0;
  StateSeconds states;  ///< all workers' time in this step by state
  double generate_tokens_per_second = 0;
  double train_tokens_per_second = 0;
  NamedNumbers instances;  ///< of the pool, since it was made; empty: the run has none
  NamedNumbers exact;      ///< of the policies after the step; empty: the environment has no such
  NamedNumbers swaps;      ///< of training states in this step; empty: every policy has its slot
};

/// What an evaluation on held-out tasks found, sampled at the stated temperature.
struct EvalReport {
  std::string when;  ///< "start", "warm_start", "step 40", "final"
  std::int64_t step = 0;
  std::int64_t episodes = 0;
  double temperature = 1;
  double success = 0;
  double reward = 0;  ///< mean over episodes and agents
  std::vector<std::pair<std::string, double>> agent_rewards;
  double response_length = 0;
  std::int64_t tokens = 0;  ///< sampled
  NamedNumbers exact;       ///< exact numbers, not from the episodes; empty: there are none
  bool best = false;        ///< the best so far; its checkpoint was kept
};

/// A checkpoint became durable.
struct CheckpointReport {
  std::string name;                 ///< "step-000040", "best-000030", "pool-000020"
  std::int64_t step = 0;            ///< RL steps done
  double held_seconds = 0;          ///< that the run stood still for it
  double write_seconds = 0;         ///< that writing it took, beside the run or not
  std::uint64_t written_bytes = 0;  ///< of new files
  std::uint64_t linked_bytes = 0;   ///< of files that an earlier checkpoint had already
};

/// One finished episode as a person would read it.
struct TranscriptTurn {
  std::string agent;
  std::string prompt;
  std::string answer;
  bool truncated = false;
};
struct Transcript {
  std::int64_t step = 0;
  std::string phase;  ///< "rl" or "eval"
  std::string task;   ///< task id
  std::vector<TranscriptTurn> turns;
  std::vector<std::pair<std::string, double>> rewards;  ///< per agent
  bool success = false;
  std::string limit;  ///< that decided the episode; empty: none did
};

struct PolicyInfo {
  std::string policy;
  std::vector<std::string> agents;
  std::int64_t parameters = 0;
  std::string shape;  ///< e.g. "llama d64 L2 H4 f192 V16"
  std::string mode;   ///< pipeline mode, and what it lets in: "overlap, staleness 1, pin"
};

struct RunInfo {
  std::string name;
  std::string environment;
  std::string optimum;
  std::string folder;             ///< the run folder
  std::string resolved_run_file;  ///< TOML text
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
  bool resumed = false;
  std::int64_t start_step = 0;  ///< steps already done before this process
  std::vector<PolicyInfo> policies;
  std::string isa;
  int threads = 0;
};

struct FinalReport {
  std::string status;   ///< "finished", "interrupted", "failed"
  std::string message;  ///< why, and how to resume
  std::int64_t steps = 0;
  double seconds = 0;  ///< of this process
  double warm_start_seconds = 0;
  double rl_seconds = 0;  ///< generating and training, evaluations left out
  EvalReport warm_start;  ///< the policy before RL (episodes == 0: none)
  EvalReport final;
  std::vector<std::pair<std::string, std::string>> weights_digests;  ///< per policy
  std::string weights_digest;                                        ///< of all policies
  /// Seconds by state: one row per worker ("worker 0", ..., "orchestrator").
  std::vector<std::pair<std::string, StateSeconds>> states;
  std::uint64_t peak_bytes = 0;  ///< the most memory that this process held; 0: unknown
  std::string checkpoint;        ///< folder of the last checkpoint
  std::string best_checkpoint;
  std::string report_path;
};

/// Hears what happens in a run, on the strand, in order. Implementations live in `observe`; an
/// error of theirs (a full disk) must not change the result of the run.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void on_start(const RunInfo&) {}
  virtual void on_step(const StepReport&) {}
  virtual void on_eval(const EvalReport&) {}
  virtual void on_checkpoint(const CheckpointReport&) {}
  virtual void on_transcript(const Transcript&) {}
  /// A sentence for the person who watches ("warm start taken from the cache").
  virtual void on_note(const std::string&) {}
  virtual void on_finish(const FinalReport&) {}
};

}  // namespace troupe
