#pragma once

#include <string>
#include <vector>

#include "simulate/simulation_options.h"
#include "troupe/result.h"

namespace troupe {

class Disk;
class RunFile;
struct RunOptions;

/// A user's own run on a cluster that a second file describes.
struct WhatIf {
  SimulationOptions options;
  std::vector<std::string> notes;  ///< sentences: what of the run is simulated otherwise than it is
};

/// The tables of a cluster file: hardware, and what a run file cannot know. Models by name take the
/// place of those of the run; [simulation] has only steps and seed.
std::vector<std::unique_ptr<OptionSet>> declare_cluster_file(SimulationOptions& options);

/// Mode, staleness, groups, micro-batches, tail, router, balancer, policies, agents and training
/// slots are the run's, everything else the cluster file's. Without cluster.training_devices, what
/// instances.count of the run leaves of the devices trains, or half of them. Reads the files that
/// the workload names. Blocks. kInvalid: what read_simulation() refuses, a table that the run file
/// decides, a run whose policies differ in mode.
Result<WhatIf> read_what_if(Disk& disk, RunFile& cluster, const RunOptions& run);

}  // namespace troupe
