#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/disk.h"

namespace troupe {

/// Prints what a test found, a line with its end; ctest hides that of a test that passes, so it
/// also goes to the file that TROUPE_SHOWN names: `ctest -L store` and `-L exact` show it at their
/// end.
inline void show(const std::string& line) {
  std::fputs(line.c_str(), stdout);
  const char* path = std::getenv("TROUPE_SHOWN");
  if (path == nullptr) return;
  const Status written = make_posix_disk()->append(path, line);
  EXPECT_TRUE(written) << path;
}

}  // namespace troupe
