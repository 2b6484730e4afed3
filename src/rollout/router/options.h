#pragma once

#include <string>
#include <vector>

#include "base/options.h"

namespace troupe {

/// What routers may be told; each reads some of it (router_numbers).
struct RouterOptions {
  std::string kind = "least_work";
  double prefill_cost = 0.25;
  double move_margin = 4;
  double move_below = 8192;
  double load_bound = 1.25;
  double match = 0.3;
  double imbalance = 64;
  double imbalance_ratio = 1.5;
  double tree_tokens = 1 << 26;

  void declare(OptionSet& options);
};

/// A number of RouterOptions.
struct RouterNumber {
  std::string name;
  double RouterOptions::*value;
  double low, high;    ///< legal range, ends included
  std::string router;  ///< that reads it
  std::string help;
};
const std::vector<RouterNumber>& router_numbers();

}  // namespace troupe
