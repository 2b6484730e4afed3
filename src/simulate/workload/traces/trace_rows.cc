#include "simulate/workload/traces/trace_rows.h"

#include <fmt/format.h>

namespace troupe {

Status check_trace_row(const Arrival& row, double latest) {
  const auto invalid = [](std::string message) {
    return fail(ErrorCode::kInvalid, std::move(message));
  };
  if (row.prompt < 0 || row.prompt > kMostTraceTokens) {
    return invalid(
        fmt::format("a prompt of {} tokens is not between 0 and {}", row.prompt, kMostTraceTokens));
  }
  if (row.answer < 1 || row.answer > kMostTraceTokens) {
    return invalid(fmt::format("an answer of {} tokens is not between 1 and {}", row.answer,
                               kMostTraceTokens));
  }
  if (row.seconds < latest - kMostDisorder) {
    return invalid(fmt::format("comes {:.0f} s before a row above it; sort the file by time",
                               latest - row.seconds));
  }
  return {};
}

}  // namespace troupe
