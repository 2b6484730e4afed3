#include "simulate/workload/traces/arrivals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/disk.h"
#include "base/rng.h"
#include "simulate/workload/traces/trace_rows.h"

namespace troupe {
namespace {

/// Rows in the order of time, the first at 0.
void put_in_order(std::vector<Arrival>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Arrival& a, const Arrival& b) { return a.seconds < b.seconds; });
  const double first = rows.front().seconds;
  for (Arrival& row : rows) row.seconds -= first;
}

std::int64_t scaled_tokens(std::int64_t tokens, double by) {
  return std::clamp<std::int64_t>(std::llround(static_cast<double>(tokens) * by), 1,
                                  kMostTraceTokens);
}

}  // namespace

Result<std::vector<Arrival>> read_arrivals(Disk& disk, const std::string& path,
                                           const std::string& option) {
  const Result<std::uint64_t> size = disk.size(path);
  if (!size && size.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: there is no file '{}'; give the path of a trace: Azure's CSV or "
                            "Mooncake's JSONL",
                            option, path));
  }
  if (!size) return within(option, size.error());
  if (*size > kMostTraceBytes) {
    return fail(ErrorCode::kInvalid, fmt::format("{}: '{}' has {} bytes, more than {}; cut it",
                                                 option, path, *size, kMostTraceBytes));
  }
  if (*size == 0) {
    return fail(ErrorCode::kInvalid, fmt::format("{}: the file '{}' is empty", option, path));
  }
  TROUPE_ASSIGN(const std::string first, disk.read_at(path, 0, 1));
  TROUPE_ASSIGN(std::vector<Arrival> rows, first == "{" ? read_mooncake_rows(disk, path, option)
                                                        : read_azure_rows(disk, path));
  put_in_order(rows);
  return rows;
}

Result<std::vector<Arrival>> scale_arrivals(const std::vector<Arrival>& trace,
                                            const ArrivalScale& scale) {
  if (!(scale.rate > 0) || !(scale.tokens > 0) || scale.from < 0 || scale.seconds < 0 ||
      scale.displace < 0) {
    return fail(ErrorCode::kInvalid, "a trace's scale must be positive, and its times not below 0");
  }
  const auto begin = std::find_if(trace.begin(), trace.end(),
                                  [&](const Arrival& a) { return a.seconds >= scale.from; });
  if (begin == trace.end()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the trace has no request after {} s", scale.from));
  }
  // The next round follows the last request after the mean time between two.
  const double span = trace.back().seconds - scale.from;
  const double period =
      std::max(span + span / static_cast<double>(trace.end() - begin), kMostDisorder / 60);
  const double seconds = scale.seconds > 0 ? scale.seconds : period;
  Rng rng(seed_join(scale.seed, "arrivals"));
  std::vector<Arrival> out;
  for (double round = 0; round < seconds; round += period) {
    for (auto row = begin; row != trace.end(); ++row) {
      const double at = round + row->seconds - scale.from;
      if (at >= seconds) break;
      const double whole = std::floor(scale.rate);
      const int copies = static_cast<int>(whole) + (rng.uniform() < scale.rate - whole ? 1 : 0);
      for (int copy = 0; copy < copies; ++copy) {
        const double moved = copy == 0 ? at : at + scale.displace * rng.uniform();
        if (moved >= seconds) continue;
        out.push_back({moved, scaled_tokens(row->prompt, scale.tokens),
                       scaled_tokens(row->answer, scale.tokens)});
      }
    }
  }
  if (out.empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("no request is left in {} s of the trace", seconds));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Arrival& a, const Arrival& b) { return a.seconds < b.seconds; });
  return out;
}

}  // namespace troupe
