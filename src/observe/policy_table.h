#pragma once

#include <string>
#include <vector>

#include "orchestrate/run_observer.h"

namespace troupe {

/// The live table of a step: a head line and one line per policy, each at most `width` columns.
/// The least important columns are left out when the terminal is narrow; at 80 columns all are
/// there. tok/s is sampled tokens per second of the step.
std::vector<std::string> policy_table(const StepReport& report, int width);

}  // namespace troupe
