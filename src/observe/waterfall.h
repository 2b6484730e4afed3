#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "orchestrate/run_observer.h"

namespace troupe {

// When the stages of the last RL steps ran, one row per step and policy: what overlapped with what,
// and what was waited for. Only steps after step `after` are shown: the clock of a resumed process
// begins anew. Both are empty if no such step has stages.

/// A gnuplot script that writes the chart as SVG to standard output.
std::string waterfall_script(const std::string& title, const std::vector<StepReport>& steps,
                             std::int64_t after);

/// The same as text: a line for what rollout did (g generate, r reward) and one for training
/// (b backward, o optimizer step, p publish), `width` columns of time in each.
std::string waterfall_text(const std::vector<StepReport>& steps, std::int64_t after,
                           int width = 72);

}  // namespace troupe
