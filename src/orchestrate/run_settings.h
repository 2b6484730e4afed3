#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"
#include "troupe/result.h"

namespace troupe {

/// Table [run]: how long, from which seed, and where it is written.
struct RunSettings {
  std::string name = "run";
  std::int64_t seed = 1;
  std::int64_t steps = 100;
  double max_seconds = 0;
  std::string output;
  std::int64_t threads = 0;
  bool deterministic = true;

  void declare(OptionSet& options);
  /// kInvalid: a name that cannot be a folder's.
  [[nodiscard]] Status check() const;
};

/// Whether a name may be a part of file names.
bool is_file_name(const std::string& name);

}  // namespace troupe
