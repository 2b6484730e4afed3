#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/options.h"
#include "observe/gnuplot.h"
#include "observe/text_sink.h"

namespace troupe {

/// What of a run is shown and written. The first part is the table `observe` of the run file; the
/// second comes from the command line and the terminal.
struct ObserveOptions {
  std::int64_t transcripts_every = 10;
  std::int64_t transcripts_per_step = 4;
  double progress_seconds = 5;
  bool tensorboard = true;
  bool report = true;

  bool quiet = false;     ///< only errors and the last lines
  bool json = false;      ///< one JSON object on `out` at the end; the rest goes to `err`
  bool terminal = false;  ///< `err` is a terminal that knows ANSI escapes
  int width = 80;         ///< its columns
  TextSink out;           ///< standard output
  TextSink err;           ///< standard error
  std::function<double()> unix_time;  ///< seconds since 1970, for TensorBoard
  RunGnuplot gnuplot = run_gnuplot;   ///< null: the report has no chart

  /// Declares the options of table `observe`.
  void declare(OptionSet& options);
};

}  // namespace troupe
