#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "base/shown_test_support.h"

namespace troupe {

/// What a test that tries very many cases has counted.
struct Totals {
  std::int64_t cases = 0;
  std::int64_t lost = 0;        ///< samples that were synced, or must be used, and are not
  std::int64_t used_twice = 0;  ///< samples
};

inline void report(const std::string& what, const Totals& totals) {
  show(fmt::format("{} {}; samples lost: {}; samples used twice: {}\n", totals.cases, what,
                   totals.lost, totals.used_twice));
}

}  // namespace troupe
