#pragma once

#include <string>
#include <vector>

#include "simulate/workload/traces/arrivals.h"

namespace troupe {

/// The rows of a file as they come, seconds since any begin; at least one. kInvalid, with file and
/// line. read_arrivals() has the formats.
Result<std::vector<Arrival>> read_azure_rows(Disk& disk, const std::string& path);
Result<std::vector<Arrival>> read_mooncake_rows(Disk& disk, const std::string& path,
                                                const std::string& option);

/// kInvalid: what read_arrivals() refuses of a row whose latest predecessor came at `latest`.
Status check_trace_row(const Arrival& row, double latest);

}  // namespace troupe
