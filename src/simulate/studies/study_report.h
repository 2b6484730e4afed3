#pragma once

#include <string>

#include "simulate/studies/study.h"

namespace troupe {

/// The study for a terminal: rows with median and 10 to 90% band beside the published figures,
/// claims, assumptions.
std::string study_text(const Study& study);
/// The same as a page of docs/studies/, beside its plot NAME.svg.
std::string study_markdown(const Study& study);
/// All of it, every draw, as one JSON object.
std::string study_json(const Study& study);

}  // namespace troupe
