#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrate/run_observer.h"
#include "troupe/result.h"

namespace troupe {

/// The lines of metrics.jsonl (docs/formats/metrics.md), without the newline. A number that is not
/// finite is written as null; text that is not UTF-8 has its bad bytes replaced.
std::string step_line(const StepReport& report);
std::string eval_line(const EvalReport& report);
std::string checkpoint_line(const CheckpointReport& report);
std::string final_line(const FinalReport& report);

/// What a metrics.jsonl holds. A null is read back as NaN.
struct MetricsLog {
  std::vector<StepReport> steps;
  std::vector<EvalReport> evals;
};

/// Reads metrics.jsonl. A last line that a crash cut short is ignored; any other bad line is an
/// error that names its number.
Result<MetricsLog> parse_metrics(std::string_view text);

/// The lines that are still true for a run resumed after step `start_step`: steps, evaluations and
/// checkpoints up to it and the whole warm start, but no final line. Nothing is kept when
/// start_step is 0, because then the warm start runs again too. Lines that do not parse are
/// dropped.
std::string kept_metrics(std::string_view text, std::int64_t start_step);

/// The shares of the total by state, to six decimals; empty if the total is 0.
StateSeconds shares(const StateSeconds& seconds);

}  // namespace troupe
