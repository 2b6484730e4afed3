#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/options.h"

namespace troupe {

/// Which reward each agent of an episode learns from (table `credit`).
struct CreditOptions {
  std::string kind = "agent";
  double discount = 1.0;
  std::vector<std::string> command;
  double timeout_seconds = 10.0;
  std::int64_t retries = 3;

  void declare(OptionSet& options);
};

}  // namespace troupe
