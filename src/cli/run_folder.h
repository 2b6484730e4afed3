#pragma once

#include <string>

#include "base/disk.h"

namespace troupe {

/// The folder of a run, which may not exist yet. `wanted` empty: runs/NAME, or the first free of
/// runs/NAME-2, runs/NAME-3, ... (for a resume, the newest that exists). A folder given by name
/// that already holds a run is refused unless the run is resumed.
Result<std::string> choose_run_folder(Disk& disk, const std::string& name,
                                      const std::string& wanted, bool resume);

}  // namespace troupe
