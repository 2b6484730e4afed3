#pragma once

#include <string_view>
#include <vector>

#include "orchestrate/run_observer.h"

namespace troupe {

/// One number of a PolicyStep under its public name: the key in metrics.jsonl and in --json, and
/// the last part of the TensorBoard tag. One list, so that all outputs carry the same metrics.
struct PolicyMetric {
  const char* name;
  const char* meaning;  ///< one line with the unit, for tables
  bool whole;           ///< an integer
  double (*get)(const PolicyStep&);
  void (*set)(PolicyStep&, double);
};

/// All numeric metrics, in the order in which they are written.
const std::vector<PolicyMetric>& policy_metrics();

/// The metric of that name; null if there is none.
const PolicyMetric* find_policy_metric(std::string_view name);

}  // namespace troupe
