#pragma once

#include <string>
#include <vector>

#include "base/options.h"
#include "model/options.h"
#include "orchestrate/pipeline_options.h"
#include "orchestrate/warm_start_options.h"
#include "train/options.h"
#include "troupe/result.h"

namespace troupe {

class RunFile;
struct RunOptions;

/// A policy and the agents that it plays.
struct PolicyOptions {
  std::string name;
  std::vector<std::string> agents;
  ModelOptions model;
  OptimizerOptions optimizer;
  AlgorithmOptions algorithm;
  ModeOptions pipeline;
  WarmCourse warm_start;

  /// Of its own table, [policy.NAME]; those below it are declared one by one.
  void declare(OptionSet& options);
};

/// Binds the tables [policy.NAME] of the file, each on top of the tables that all policies share,
/// which are bound already. Without any, one policy per agent of the environment. kInvalid: an
/// agent that nobody plays, or two.
Status bind_policies(RunFile& file, RunOptions& options);

}  // namespace troupe
