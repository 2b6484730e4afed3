#pragma once

#include <string>

#include "troupe/result.h"

namespace troupe {

/// Runs a gnuplot script that writes one SVG to standard output, and gives that SVG. kNotFound if
/// gnuplot is not installed; blocks for at most a minute.
Result<std::string> run_gnuplot(const std::string& script);

}  // namespace troupe
