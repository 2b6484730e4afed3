#pragma once

#include <string>
#include <vector>

#include "simulate/studies/flexmarl.h"

namespace troupe {

/// One setting of the study: seconds of a step and their 10-90% bands beside the published ones.
std::string flexmarl_text(const FlexmarlStudy& study);
/// What of the setting is free, and from which ranges it was drawn.
std::string flexmarl_free_text();
/// All of it as one JSON object.
std::string flexmarl_json(const std::vector<FlexmarlStudy>& studies);

}  // namespace troupe
