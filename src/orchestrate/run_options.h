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
#include "orchestrate/checkpoint_options.h"
#include "orchestrate/eval_options.h"
#include "orchestrate/pipeline_options.h"
#include "orchestrate/policy_options.h"
#include "orchestrate/run_seams.h"
#include "orchestrate/run_settings.h"
#include "orchestrate/warm_start_options.h"
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

  /// Declares a table's options and keeps the set.
  template <class Table>
  OptionSet& add_table(const std::string& name, Table& table) {
    sets.push_back(std::make_unique<OptionSet>(name));
    table.declare(*sets.back());
    return *sets.back();
  }

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
