#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "versions/checkpoint.h"
#include "versions/checkpoint_draft.h"

// What the files of a checkpoint hold (docs/formats/checkpoint.md), without where they lie and when
// they are whole: that is CheckpointStore's part.

namespace troupe {

constexpr const char* kCheckpointState = "state.json";
constexpr const char* kOptimizerFile = "optimizer.safetensors";

/// The folder of a policy in that of its checkpoint.
std::string policy_folder(const std::string& folder, const std::string& policy);
/// Of everything but the weights that a policy's model folder says.
std::string form_digest(const PolicyCheckpoint& policy);
/// Empty if there are no moments.
std::string moments_digest(const std::vector<float>& first, const std::vector<float>& second);

/// Writes the folders of all policies into `folder`, synced.
Status write_policies(Disk& disk, const std::string& folder, const Checkpoint& checkpoint);
/// The text of state.json; `files`: what the folders hold.
std::string state_text(const Checkpoint& checkpoint, const CheckpointFiles& files);

/// state.json, whose own digest has been checked.
struct CheckpointState {
  CheckpointSummary summary;
  CheckpointFiles files;
};
Result<CheckpointState> read_state(Disk& disk, const std::string& place);
/// Reads and verifies all of the checkpoint in `place`; `files` becomes what it consists of.
Result<Checkpoint> read_checkpoint(Disk& disk, const std::string& place,
                                   const std::string& end_token, CheckpointFiles& files);

}  // namespace troupe
