#pragma once

#include <memory>

#include "troupe/result.h"

namespace CLI {
class App;
}

namespace troupe {

class Disk;
class RunFile;
struct RunOptions;

/// A run file of `troupe train`, bound and checked. resolved() of `file` is not to be called then.
Result<std::unique_ptr<RunOptions>> read_run_file(Disk& disk, RunFile& file);

/// `troupe simulate calibrate`.
void add_calibrate(CLI::App& simulate, int& exit_code);
/// `troupe simulate RUN.toml --cluster CLUSTER.toml`.
void add_what_if(CLI::App& simulate, int& exit_code);

/// `troupe simulate study`, beside `run` and `explain` (simulate.cc).
void add_simulate_study(CLI::App& simulate, int& exit_code);
/// `troupe simulate soak`.
void add_simulate_soak(CLI::App& simulate, int& exit_code);

}  // namespace troupe
