#include "cli/commands.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/executor.h"

namespace troupe {

int report_error(const Error& error) {
  fmt::print(stderr, "troupe: {}\n", error.message);
  if (error.code == ErrorCode::kCancelled) return 130;
  return error.code == ErrorCode::kInternal ? 1 : 2;
}

int worker_count(long long asked) { return asked > 0 ? static_cast<int>(asked) : processors(); }

}  // namespace troupe
