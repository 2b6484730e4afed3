#pragma once

#include <string>

#include "versions/published/published_folder.h"

namespace troupe {

/// What the commands of `troupe versions` are told.
struct VersionsArguments {
  std::string run;
  std::string policy;
  std::string version;
  std::string out;
  std::string dtype;
  bool json = false;
};

/// The catalogue of the policy that is asked for, or of the only one.
Result<Catalogue> choose_published(PublishedFolder& folder, const std::string& wanted);
/// "7", or "2.7" of that incarnation; "": the head.
Result<StateId> choose_version(const Catalogue& catalogue, const std::string& wanted);

/// versions_export.cc: writes one version as a model folder.
Status export_version(const VersionsArguments& arguments);

}  // namespace troupe
