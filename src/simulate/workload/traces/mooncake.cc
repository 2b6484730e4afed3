#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "environment/json_lines.h"
#include "simulate/workload/traces/trace_rows.h"

namespace troupe {
namespace {

Result<double> field(const nlohmann::json& row, const char* key) {
  const auto at = row.find(key);
  if (at == row.end() || !at->is_number()) {
    return fail(ErrorCode::kInvalid, fmt::format("has no number \"{}\"", key));
  }
  const auto value = at->get<double>();
  if (!(std::abs(value) < 1e15)) {
    return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is out of range", key));
  }
  return value;
}

Result<std::int64_t> tokens(const nlohmann::json& row, const char* key) {
  TROUPE_ASSIGN(const double value, field(row, key));
  if (value != std::floor(value)) {
    return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is not a whole number", key));
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

Result<std::vector<Arrival>> read_mooncake_rows(Disk& disk, const std::string& path,
                                                const std::string& option) {
  std::vector<Arrival> out;
  double latest = 0;
  const auto add = [&](int, const nlohmann::json& row) -> Status {
    Arrival next;
    TROUPE_ASSIGN(const double milliseconds, field(row, "timestamp"));
    next.seconds = milliseconds / 1000;
    TROUPE_ASSIGN(next.prompt, tokens(row, "input_length"));
    TROUPE_ASSIGN(next.answer, tokens(row, "output_length"));
    TROUPE_TRY(check_trace_row(next, out.empty() ? next.seconds : latest));
    latest = out.empty() ? next.seconds : std::max(latest, next.seconds);
    out.push_back(next);
    return {};
  };
  TROUPE_TRY(read_json_lines(disk, path, option, add));
  return out;
}

}  // namespace troupe
