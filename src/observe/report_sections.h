#pragma once

#include <string>
#include <vector>

#include "observe/transcript_picker.h"
#include "orchestrate/run_observer.h"

namespace troupe {

// The sections of report.md. Each begins with its heading and ends with an empty line.

/// How the run ended, and success and reward before and after with 95% intervals.
std::string headline_section(const RunInfo& info, const FinalReport& report);
/// What ran: task, seed, machine, policies with their shapes.
std::string setup_section(const RunInfo& info, const FinalReport& report);
/// Per policy the first, last, lowest and highest value of each metric over the RL steps.
std::string metrics_section(const std::vector<StepReport>& steps);
/// The exact numbers of about twenty steps, if the environment gave any.
std::string exact_section(const std::vector<StepReport>& steps);
std::string evals_section(const std::vector<EvalReport>& evals);
/// Seconds and share by state, per worker.
std::string time_section(const FinalReport& report);
std::string transcripts_section(const TranscriptPicker* rl, const TranscriptPicker* eval);
/// Where the weights are, and how to go on, evaluate and load them.
std::string checkpoints_section(const RunInfo& info, const FinalReport& report);
std::string files_section();

}  // namespace troupe
