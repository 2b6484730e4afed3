#pragma once

#include <string>
#include <vector>

#include "orchestrate/run_observer.h"

namespace troupe {

/// The sentences that a person reads while a run goes on; each without a newline.
std::vector<std::string> start_lines(const RunInfo& info);
/// "nash conv 0.091, value player 0 -0.0552, ..."; empty if there are none.
std::string exact_text(const NamedNumbers& numbers);
std::string eval_text(const EvalReport& report);
/// "checkpoint step-000040: 1.2MB written, 3.4MB linked; the run stood still for 0.012 s of 0.208
/// s".
std::string checkpoint_text(const CheckpointReport& report);
/// "rl 12/60 20%, 0:24 elapsed, 1:36 left", with or without the elapsed time.
std::string progress_text(const StepReport& report, bool elapsed = true);
/// A phase or evaluation as people call it: "warm start" for "warm_start".
std::string spoken(std::string name);
/// The whole progress in one line, for logs: progress_text and the main numbers of each policy.
std::string plain_line(const StepReport& report);
/// "staleness 0.67 (at most 1)", of the tokens of a step in versions; empty if all are fresh.
std::string staleness_text(const StepReport& report);
/// "time: generate 61%, backward 30%, ...", largest first; empty if there is none.
std::string states_text(const StateSeconds& seconds);
/// Status, success before and after, time, message and the report's path; with exact numbers a line
/// of them; one to four lines.
std::vector<std::string> finish_lines(const FinalReport& report);

}  // namespace troupe
