#pragma once

#include <nlohmann/json.hpp>

#include "swap/team.h"
#include "troupe/result.h"

namespace troupe::bench {

/// Eight policies on one slot of training, with memory for the states of two, beside the same work
/// with all states in place. The variants take their steps in turn, so that they see the same
/// machine; kInternal if they do not end with the same weights. Blocks.
struct PoliciesOptions {
  TeamOptions team;
  int steps = 3;    ///< measured ones of each variant
  int threads = 0;  ///< workers; 0: all processors
};
Result<nlohmann::ordered_json> measure_policies(const PoliciesOptions& options);
void print_policies(const nlohmann::ordered_json& figures);

}  // namespace troupe::bench
