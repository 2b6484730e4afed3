#pragma once

#include "orchestrate/run_options.h"
#include "troupe/result.h"

namespace troupe {

/// Refuses options that would do nothing, or that make the run do nothing, because of what other
/// options say. An option counts as given if its value is not its default, so that a resolved run
/// file, which lists all, says the same as the file that it came from. kInvalid names the option,
/// why it is idle, and the remedy.
Status check_idle_options(const RunOptions& options);

}  // namespace troupe
