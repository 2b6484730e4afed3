#pragma once

#include <nlohmann/json_fwd.hpp>

#include "orchestrate/run_observer.h"

namespace troupe {

// How the pipeline's numbers of a step stand in metrics.jsonl (docs/formats/metrics.md). Readers
// take objects without these keys, as older files have them; a wrong type throws.

/// One count of FlowCounts under its public name.
struct FlowField {
  const char* name;
  std::int64_t FlowCounts::*value;
};
const std::vector<FlowField>& flow_fields();

/// "flow": an object of the counts.
nlohmann::ordered_json flow_of(const FlowCounts& flow);
FlowCounts read_flow(const nlohmann::ordered_json& step);

/// "stages": name to [begin, end] in seconds after `began`, to the microsecond; only stages that
/// took place. A stage may begin before the step does.
nlohmann::ordered_json stages_of(const StepStages& stages, std::int64_t began);
StepStages read_stages(const nlohmann::ordered_json& policy, std::int64_t began);

/// When a step began whose line says that it ended after `elapsed` seconds and lasted `seconds`:
/// nanoseconds of the clock of its process, to the microsecond.
std::int64_t began_at(double elapsed, double seconds);

/// Mean staleness of the trained tokens in versions; NaN if there are none.
double mean_staleness(const std::vector<std::int64_t>& staleness_tokens);

}  // namespace troupe
