#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe {

/// A checkpoint's folder is called KIND-STEP.
struct CheckpointName {
  std::string kind;
  std::int64_t step = 0;

  [[nodiscard]] std::string text() const;
  /// None: another name, or a draft or remains of one.
  static std::optional<CheckpointName> parse(const std::string& name);
};

/// Which checkpoints of a run stay.
struct KeepRules {
  std::int64_t newest = 2;  ///< so many of kind "step"
  std::int64_t every = 0;   ///< of kind "step" also those of its multiples above 0; 0: no others
  std::set<std::int64_t> best;  ///< steps of kind "best"
  std::int64_t pool = 0;        ///< so many of kind "pool"; 0: all
};

/// Those of `names` that go, oldest first. Never a name that is not a checkpoint's. Pure.
std::vector<std::string> not_kept(const std::vector<std::string>& names, const KeepRules& rules);

}  // namespace troupe
