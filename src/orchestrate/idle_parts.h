#pragma once

#include <fmt/format.h>

#include <string>

#include "orchestrate/run_options.h"
#include "troupe/result.h"

// The parts of check_idle_options(), each with a file of its own.

namespace troupe {

/// "KEY = VALUE would do nothing: WHY; REMEDY".
template <class T>
Status idle_if_given(const std::string& key, const T& value, const T& standard,
                     const std::string& why, const std::string& remedy) {
  if (value == standard) return {};
  return fail(ErrorCode::kInvalid, fmt::format("{} = {} would do nothing: {}; leave it at {} or {}",
                                               key, value, why, standard, remedy));
}

/// idle_pipeline.cc: a policy's mode, and what the modes ask of the rest of the file.
Status check_mode(const std::string& table, const ModeOptions& mode, const PolicyOptions& policy);
Status check_pipeline(const RunOptions& options);

/// idle_algorithm.cc: a policy's loss and advantage, and what rewards are compared with.
Status check_algorithm(const std::string& table, const AlgorithmOptions& algorithm,
                       const PolicyOptions& policy);
Status check_credit(const RunOptions& options);
Status check_comparisons(const RunOptions& options);

/// idle_training.cc: slots that policies share.
Status check_training(const RunOptions& options);

/// idle_instances.cc: what a pool of rollout instances is told.
Status check_instances(const RunOptions& options);

}  // namespace troupe
