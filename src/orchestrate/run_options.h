#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/options.h"
#include "environment/services.h"
#include "experience/options.h"
#include "model/options.h"
#include "orchestrate/binding/options.h"
#include "orchestrate/pipeline_options.h"
#include "orchestrate/run_seams.h"
#include "rollout/balancer/options.h"
#include "rollout/credit/options.h"
#include "rollout/emulated/options.h"
#include "rollout/options.h"
#include "rollout/pool/options.h"
#include "rollout/reward/options.h"
#include "rollout/router/options.h"
#include "rollout/workflow/workflow.h"
#include "train/options.h"
#include "troupe/environment.h"
#include "versions/published/options.h"

namespace troupe {

class RunFile;

struct RunSettings {
  std::string name = "run";
  std::int64_t seed = 1;
  std::int64_t steps = 100;
  double max_seconds = 0;
  std::string output;
  std::int64_t threads = 0;
  bool deterministic = true;

  void declare(OptionSet& options);
};

/// What the warm start does to one policy.
struct WarmCourse {
  std::int64_t steps = 0;
  double learning_rate = 2e-3;

  void declare(OptionSet& options);
  bool operator==(const WarmCourse&) const = default;
};

/// The short supervised stage before RL.
struct WarmStartOptions {
  WarmCourse course;  ///< of every policy, unless its own table says otherwise
  std::int64_t batch = 128;
  double noise = 0.3;
  std::string cache = ".cache/troupe/warm-starts";

  void declare(OptionSet& options);
};

struct EvalOptions {
  std::int64_t every = 10;
  std::int64_t episodes = 200;
  std::int64_t final_episodes = 1000;
  double average_from = 0;
  SamplingOptions sampling;

  void declare(OptionSet& options);
};

struct CheckpointOptions {
  std::int64_t every = 10;
  std::int64_t keep = 2;
  std::int64_t keep_every = 0;
  bool background = true;

  void declare(OptionSet& options);
};

/// A policy and the agents that it plays.
struct PolicyOptions {
  std::string name;
  std::vector<std::string> agents;
  ModelOptions model;
  OptimizerOptions optimizer;
  AlgorithmOptions algorithm;
  ModeOptions pipeline;
  WarmCourse warm_start;
};

/// Everything that a run file says, bound and checked. Not movable: the option sets point into it.
struct RunOptions {
  RunSettings run;
  RolloutOptions rollout;
  InstanceOptions instances;
  RouterOptions router;
  BalancerOptions balancer;
  EmulatedOptions emulated;
  RewardOptions reward;
  CreditOptions credit;
  PipelineOptions pipeline;
  TrainingOptions training;
  WarmStartOptions warm_start;
  EvalOptions eval;
  ExperienceOptions experience;
  CheckpointOptions checkpoint;
  VersionsOptions versions;
  ModelOptions model;          ///< defaults of all policies
  OptimizerOptions optimizer;  ///< defaults of all policies
  AlgorithmOptions algorithm;  ///< defaults of all policies
  std::string environment_name;
  std::string workflow_name = "environment";
  std::unique_ptr<Workflow> workflow;
  std::unique_ptr<EnvironmentSpec> environment;  ///< as the workflow's agents know it
  std::vector<std::unique_ptr<PolicyOptions>> policies;

  RunSeams seams;  ///< not of the run file

  /// How long the warm start is: as its longest course. 0: there is none.
  [[nodiscard]] std::int64_t warm_steps() const;

  std::string resolved;      ///< the complete run file as TOML
  std::string digest;        ///< of what decides the run's result; a resume must match it
  std::string tasks_digest;  ///< of the training tasks, where they are finitely many

  RunOptions() = default;
  RunOptions(const RunOptions&) = delete;
  RunOptions& operator=(const RunOptions&) = delete;

  std::vector<std::unique_ptr<OptionSet>> sets;
  std::vector<std::unique_ptr<EnvironmentSpec>> examples;  ///< default_run_options() only
  std::vector<std::unique_ptr<Workflow>> example_workflows;
};

/// Binds a run file. `extra`: option sets of rooms that `orchestrate` does not know (observe).
/// Policies: one per table [policy.NAME]; without any, one per agent, of the agent's name. A policy
/// that does not list its agents plays the one of its name, or all of them if it is the only one.
Result<std::unique_ptr<RunOptions>> read_run_options(RunFile& file, EnvironmentServices services,
                                                     const std::vector<OptionSet*>& extra);

/// All option sets with their defaults, for `troupe explain`. Policies are shown by their defaults.
/// `environment` may be empty: then the options of all environments are there.
Result<std::unique_ptr<RunOptions>> default_run_options(const std::string& environment,
                                                        EnvironmentServices services);

}  // namespace troupe
