#pragma once

#include <memory>
#include <string>

#include "orchestrate/tail/tail_policy.h"

namespace troupe {

/// The policy of this name, as in the run file; null for "none". `groups` and `members` that a step
/// and a group need.
std::unique_ptr<TailPolicy> make_tail(const std::string& name, double factor, std::int64_t groups,
                                      std::int64_t members);

}  // namespace troupe
