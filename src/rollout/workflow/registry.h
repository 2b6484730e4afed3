#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rollout/workflow/workflow.h"

namespace troupe {

/// The workflows that Troupe brings, in the order of `troupe workflow list`.
std::vector<std::string> workflow_names();

/// A new, undeclared workflow. kInvalid for an unknown name.
Result<std::unique_ptr<Workflow>> make_workflow(const std::string& name);

}  // namespace troupe
