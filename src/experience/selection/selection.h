#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experience/selection/selector.h"
#include "troupe/result.h"

namespace troupe {

/// Their names, as in the run file.
std::vector<std::string> selector_names();

/// The selector of this name. `window` is for "windowed", in steps; for the others it must be 0.
/// kInvalid for an unknown name, with the nearest known one, and for a window that is negative or
/// would do nothing.
Result<std::unique_ptr<Selector>> make_selector(const std::string& name, std::int64_t window);

}  // namespace troupe
