#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/limits.h"
#include "engine/options.h"
#include "engine/report.h"

namespace troupe::bench {

/// One figure, or a few that belong together: its name for the progress line and how to get it.
struct Job {
  std::string name;
  std::function<void()> run;
};

/// What all jobs share. Lives as long as the jobs.
struct Context {
  const Options& options;
  GemmPeak peak;  ///< small enough to be measured beside every figure
  Report* report = nullptr;
};

/// The jobs of each part, as far as the options ask for them.
std::vector<Job> limit_jobs(Context& context);
std::vector<Job> gemm_jobs(Context& context);
/// Decode and training: the shapes in turn, so that one model is in memory at a time.
std::vector<Job> model_jobs(Context& context);

/// Measures `work` and, beside it, the limits that `row.cost` needs; fills the row's figures.
/// A unit of work is done `units` times in one call of `work`.
template <class Work>
void measure_row(Context& context, Row& row, double units, Work&& work) {
  const bool bare = context.options.bare;
  const auto beside = [&] {
    if (bare) return;
    row.peak = std::max(row.peak, context.peak.measure(row.dtype, row.threads));
    if (row.cost.bytes > 0) {
      row.bandwidth = std::max(
          row.bandwidth, read_bandwidth(static_cast<std::size_t>(row.cost.bytes), row.threads));
    }
  };
  const Rounds rounds = measure_rounds(context.options.seconds, work, beside);
  row.seconds = rounds.best / units;
  row.slowest = rounds.slowest / units;
  row.rounds = rounds.count;
}

}  // namespace troupe::bench
