#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rollout/router/options.h"
#include "rollout/router/router.h"
#include "troupe/result.h"

namespace troupe {

/// Their names, as in the run file; our default first.
std::vector<std::string> router_names();

/// The router of this name. kInvalid for an unknown name, with the nearest known one; for a number
/// out of its range; and for one that is not the default and that this router does not read.
Result<std::unique_ptr<Router>> make_router(const std::string& name, const RouterOptions& options);

}  // namespace troupe
