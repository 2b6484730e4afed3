#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "orchestrate/run_options.h"
#include "simulate/soak/flaky_environment.h"

namespace troupe {

/// A small random run: a run file that `troupe train` would take, and the sizes that none can say.
struct DrawnRun {
  std::string file;  ///< TOML text
  // Bytes; 0: as the run file says (RunSeams).
  std::uint64_t segment_bytes = 0;
  std::uint64_t experience_bytes = 0;
  /// How many policies' training states fit host memory; 0: all.
  double states = 0;
};

/// The run of a seed, a function of it: one to three policies of a few hundred parameters, two to
/// five steps of one to four groups. Every option that a run's scheduling reads is drawn.
DrawnRun draw_run(std::uint64_t seed);

/// Options that a resume may change, drawn anew: as assignments for `--set` (docs/exactness.md).
std::vector<std::string> draw_changes(std::uint64_t seed, const RunOptions& options);

/// Binds a drawn run as `troupe train` binds its file, with `changes` as its `--set` and with the
/// sizes in its seams. Its environments fail as `trouble` says. `disk` must outlive the result. An
/// error: the draw is wrong.
Result<std::unique_ptr<RunOptions>> bind_run(const DrawnRun& run,
                                             const std::vector<std::string>& changes, Disk& disk,
                                             std::shared_ptr<EnvironmentTrouble> trouble);

/// True if the run's result may not depend on timing (docs/pipeline.md): then faults that the run
/// survives may not change it either.
bool repeatable(const RunOptions& options);

}  // namespace troupe
