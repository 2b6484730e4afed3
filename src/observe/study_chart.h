#pragma once

#include <string>

#include "simulate/studies/study.h"

namespace troupe {

/// A gnuplot script that draws the study's rows of seconds as bars, medians with their 10 to 90%
/// bands, a panel for each setting, and the published figures as points.
std::string study_chart(const Study& study);

}  // namespace troupe
