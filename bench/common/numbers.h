#pragma once

#include <fmt/format.h>

#include <string>

namespace troupe::bench {

/// 1234567.8 as "1,234,568".
inline std::string with_commas(double x) {
  std::string digits = fmt::format("{:.0f}", x);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

}  // namespace troupe::bench
