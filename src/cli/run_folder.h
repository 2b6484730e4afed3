#pragma once

#include <string>
#include <vector>

#include "base/disk.h"
#include "versions/checkpoint_store.h"

namespace troupe {

/// The folder of a run, which may not exist yet. `wanted` empty: runs/NAME, or the first free of
/// runs/NAME-2, runs/NAME-3, ... (for a resume, the newest that exists). A folder given by name
/// that already holds a run is refused unless the run is resumed.
Result<std::string> choose_run_folder(Disk& disk, const std::string& name,
                                      const std::string& wanted, bool resume);

/// The name of a checkpoint: `named`; the newest best one for "best", the newest one of a step for
/// "".
Result<std::string> choose_checkpoint(CheckpointStore& store, const std::string& named);

/// All names: those kept for a resume, the best ones, past versions to play against; newest first.
Result<std::vector<std::string>> all_checkpoints(CheckpointStore& store);

}  // namespace troupe
