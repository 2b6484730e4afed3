#pragma once

#include <array>

#include "orchestrate/run_observer.h"

namespace troupe {

/// One stage of a step under its public name, as metrics.jsonl, the report and traces call it.
struct StageField {
  const char* name;
  StageSpan StepStages::*span;
};

/// All stages, in the order of a step.
inline constexpr std::array<StageField, 5> kStepStages = {{{"generate", &StepStages::generate},
                                                           {"reward", &StepStages::reward},
                                                           {"backward", &StepStages::backward},
                                                           {"optimizer", &StepStages::optimizer},
                                                           {"publish", &StepStages::publish}}};

/// True if the stage took place.
inline bool took_place(const StageSpan& span) { return span.begin >= 0 && span.end >= span.begin; }

}  // namespace troupe
