#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/disk.h"

namespace troupe {

/// What a test that tries very many cases has counted.
struct Totals {
  std::int64_t cases = 0;
  std::int64_t lost = 0;        ///< samples that were synced, or must be used, and are not
  std::int64_t used_twice = 0;  ///< samples
};

/// Prints them; ctest hides that of a test that passes, so they also go as a line to the file that
/// TROUPE_STORE_TOTALS names: `ctest -L store` shows it at its end.
inline void report(const std::string& what, const Totals& totals) {
  const std::string line = fmt::format("{} {}; samples lost: {}; samples used twice: {}\n",
                                       totals.cases, what, totals.lost, totals.used_twice);
  std::fputs(line.c_str(), stdout);
  const char* path = std::getenv("TROUPE_STORE_TOTALS");
  if (path == nullptr) return;
  const Status written = make_posix_disk()->append(path, line);
  EXPECT_TRUE(written) << path;
}

}  // namespace troupe
