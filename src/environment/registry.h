#pragma once

#include <memory>
#include <string>
#include <vector>

#include "environment/services.h"
#include "troupe/environment.h"

namespace troupe {

/// The environments that Troupe brings, in the order of `troupe env list`.
std::vector<std::string> environment_names();

/// A new, undeclared environment. kInvalid for an unknown name, with the nearest known one.
/// What `services` refers to must outlive the environment.
Result<std::unique_ptr<EnvironmentSpec>> make_environment(const std::string& name,
                                                          EnvironmentServices services);

}  // namespace troupe
