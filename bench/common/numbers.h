#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace troupe::bench {

/// 1234567.8 as "1,234,568".
inline std::string with_commas(double x) {
  std::string digits = fmt::format("{:.0f}", x);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

/// 0 of no values.
inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

}  // namespace troupe::bench
