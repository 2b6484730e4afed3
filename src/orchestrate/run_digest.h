#pragma once

#include <string>

#include "troupe/environment.h"
#include "troupe/result.h"

namespace troupe {

struct RunOptions;

/// Of every training task, so that a changed data set is noticed; of none if they are endless or
/// too many to read at every start.
Result<std::string> digest_tasks(const EnvironmentSpec& spec);

/// Of what decides the result: all but where it is written, how it is shown, and when it stops.
std::string result_digest(const RunOptions& options);

}  // namespace troupe
