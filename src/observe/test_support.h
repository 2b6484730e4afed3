#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "observe/text_sink.h"
#include "orchestrate/run_observer.h"

// Made-up runs for the tests of this room.
namespace troupe::testing {

/// A two-policy run "chain" in folder "run".
RunInfo sample_info();
/// An RL step of that run; the numbers depend on the step only.
StepReport sample_step(std::int64_t step, std::int64_t steps = 40);
StepReport sample_warm_step(std::int64_t step, std::int64_t steps = 20);
EvalReport sample_eval(const std::string& when, std::int64_t step, double success);
Transcript sample_transcript(std::int64_t step, int number, bool success);
FinalReport sample_final();

/// A sink that collects its text.
struct Collected {
  std::string text;
  TextSink sink() {
    return [this](std::string_view more) { text.append(more); };
  }
};

std::vector<std::string> lines_of(std::string_view text);

}  // namespace troupe::testing
