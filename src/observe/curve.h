#pragma once

#include <string>
#include <vector>

#include "orchestrate/run_observer.h"

namespace troupe {

/// A gnuplot script (5.4 or newer) that writes the learning curve as SVG to standard output: reward
/// above, success below, over the RL steps; per policy the steps as a thin line and their running
/// mean as a thick one, and the held-out evaluations as black dots. Empty if there is no RL step
/// and no evaluation.
std::string curve_script(const std::string& title, const std::vector<StepReport>& steps,
                         const std::vector<EvalReport>& evals);

/// Running means over the value itself and `half` values on each side, fewer at both ends. NaN
/// values are left out.
std::vector<double> running_mean(const std::vector<double>& values, int half);

}  // namespace troupe
