#pragma once

#include <string>
#include <vector>

#include "orchestrate/pipeline_options.h"

namespace troupe::bench {

/// A setting of the pipeline that is measured.
struct Mode {
  std::string name;
  ModeOptions options;
  std::string selection = "admission";  ///< of experience
  std::string tail = "none";
};

/// All that are measured, in the order of the report.
inline std::vector<Mode> modes() {
  return {
      {"barrier", {"barrier", 0, "pin"}},
      {"micro_batch", {"micro_batch", 0, "pin"}},
      {"overlap 1, pin", {"overlap", 1, "pin"}},
      {"overlap 1, abort, oldest_first", {"overlap", 1, "abort"}, "oldest_first"},
      {"redundant_groups", {"micro_batch", 0, "pin"}, "admission", "redundant_groups"},
      {"redundant_members", {"micro_batch", 0, "pin"}, "admission", "redundant_members"},
      {"tail_batching", {"micro_batch", 0, "pin"}, "admission", "tail_batching"},
  };
}

}  // namespace troupe::bench
