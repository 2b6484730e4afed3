#pragma once

#include <span>
#include <vector>

#include "train/advantage/settings.h"

namespace troupe {

/// The advantages of rewards that are compared with each other; the rewards themselves for the
/// kinds that do not compare within a group.
std::vector<double> compare_rewards(AdvantageSettings::Kind kind, std::span<const double> rewards);

}  // namespace troupe
