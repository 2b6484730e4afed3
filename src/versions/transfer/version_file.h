#pragma once

#include <string>

#include "base/disk.h"
#include "versions/published/published_folder.h"

namespace troupe {

/// Writes the weights of one version as a safetensors file that any reader of the format loads;
/// its metadata say which version of which policy it is (troupe.policy, troupe.incarnation,
/// troupe.number, troupe.digest; troupe.check is a digest of these). Readers see the old file or
/// the new one. Needs no copy of the weights in memory.
Status save_version(Disk& disk, const std::string& path, const std::string& policy,
                    const HeldVersion& held);

/// A version that save_version() wrote, and its policy.
struct SavedVersion {
  std::string policy;
  HeldVersion held;
};

/// kNotFound: there is no such file; kInvalid: it is none of ours, or its digest is wrong.
Result<SavedVersion> load_version(Disk& disk, const std::string& path);

}  // namespace troupe
