#pragma once

#include <functional>
#include <string>

#include "troupe/result.h"

namespace troupe {

/// Draws a chart: takes a gnuplot script, gives the SVG that gnuplot wrote to standard output. The
/// error kNotFound means that gnuplot is not installed.
using RunGnuplot = std::function<Result<std::string>(const std::string& script)>;

/// Runs the machine's gnuplot (without the user's own settings). Blocks, at most 20 seconds.
/// kNotFound: not installed. kIo: gnuplot refused the script; the message has its words.
Result<std::string> run_gnuplot(const std::string& script);

}  // namespace troupe
