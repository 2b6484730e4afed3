#pragma once

#include <nlohmann/json.hpp>

#include "swap/bandwidth.h"

namespace troupe::bench {

nlohmann::ordered_json bandwidth_json(const Bandwidths& figures, std::uint64_t bytes);
void print_bandwidth(const Bandwidths& figures, std::uint64_t bytes);

}  // namespace troupe::bench
