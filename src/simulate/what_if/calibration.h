#pragma once

#include <string>
#include <vector>

#include "orchestrate/run_observer.h"
#include "simulate/costs/fit_costs.h"
#include "simulate/what_if/what_if.h"

namespace troupe {

/// A step that the costs were not fitted to.
struct HeldOutStep {
  std::int64_t step = 0;  ///< from 1
  double measured = 0, predicted = 0;
};

/// A live run's costs, and what a simulation with them says of the rest of it.
struct Calibration {
  MeasuredCosts costs;
  std::int64_t fitted = 0;         ///< steps
  double fitted_seconds = 0;       ///< mean of these
  std::vector<HeldOutStep> steps;  ///< the others
  double measured = 0;             ///< median of the held-out steps, seconds
  double measured_mean = 0;        ///< mean of them, with what else held them up
  double predicted = 0;            ///< by a simulation of the same run file
  std::string cluster_file;        ///< TOML
  std::vector<std::string> notes;

  /// Of `predicted` from `measured`, as a share.
  [[nodiscard]] double error() const { return predicted / measured - 1; }
  /// The median of the single steps' errors, without sign.
  [[nodiscard]] double step_error() const;
};

/// Fits costs to the first half of a run's steps and predicts the second half.
///
/// The devices are the run's workers, all together one machine that rollout and training share. A
/// step's tokens and the share of the workers' time in "generate", "backward" and "optimizer" give
/// the costs (fit_costs.h). What the simulation of the first half then lacks of the measured time
/// is the run's own thread's, and divided among the turns. The prediction is the mean of a
/// simulation on the episodes of the held-out half if the journal has them, or else on those that
/// it has; that of a single step differs from it by what its tokens cost more or less.
///
/// `reports`: of metrics.jsonl, warm start included. `folder`: the run's. Blocks. kInvalid: fewer
/// than eight steps, or none that the journal has episodes of.
Result<Calibration> calibrate(Disk& disk, const std::string& folder, const RunOptions& run,
                              const std::vector<StepReport>& reports);

/// For a person.
std::string calibration_text(const Calibration& calibration);
std::string calibration_json(const Calibration& calibration);

}  // namespace troupe
