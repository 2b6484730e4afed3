#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>

#include "base/disk.h"
#include "simulate/workload/traces/trace_rows.h"

namespace troupe {
namespace {

constexpr std::string_view kHeader = "TIMESTAMP,ContextTokens,GeneratedTokens";

/// The whole of `text` as a number.
template <class Number>
std::optional<Number> number(std::string_view text) {
  Number out{};
  const char* end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, out);
  if (error != std::errc() || read != end || text.empty()) return std::nullopt;
  return out;
}

/// Digits only, as fields of a date are.
std::optional<int> digits(std::string_view text) {
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return number<int>(text);
}

/// Seconds since 1970 of "2023-11-16 18:15:46.6805900".
std::optional<double> date_seconds(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00 00:00:00";
  if (text.size() < kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] != '0' && kShape[i] != text[i]) return std::nullopt;
  }
  const auto year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)),
             day = digits(text.substr(8, 2)), hour = digits(text.substr(11, 2)),
             minute = digits(text.substr(14, 2)), second = digits(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  double fraction = 0;
  if (text.size() > kShape.size()) {
    const std::string_view rest = text.substr(kShape.size());
    if (rest[0] != '.' || rest.size() < 2 || rest.size() > 10) return std::nullopt;
    const auto part = digits(rest.substr(1));
    if (!part) return std::nullopt;
    fraction = *part;
    for (std::size_t i = 1; i < rest.size(); ++i) fraction /= 10;
  }
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return 86400.0 * static_cast<double>(days) + 3600.0 * *hour + 60.0 * *minute + *second + fraction;
}

Result<Arrival> parse_row(std::string_view line) {
  const std::size_t first = line.find(',');
  const std::size_t second = first == line.npos ? line.npos : line.find(',', first + 1);
  if (second == line.npos || line.find(',', second + 1) != line.npos) {
    return fail(ErrorCode::kInvalid, fmt::format("has not the three columns {}", kHeader));
  }
  const auto seconds = date_seconds(line.substr(0, first));
  if (!seconds) {
    return fail(ErrorCode::kInvalid,
                "TIMESTAMP is no time; write it like 2023-11-16 18:15:46.6805900");
  }
  const auto prompt = number<std::int64_t>(line.substr(first + 1, second - first - 1));
  if (!prompt) return fail(ErrorCode::kInvalid, "ContextTokens is not a whole number");
  const auto answer = number<std::int64_t>(line.substr(second + 1));
  if (!answer) return fail(ErrorCode::kInvalid, "GeneratedTokens is not a whole number");
  return Arrival{*seconds, *prompt, *answer};
}

}  // namespace

Result<std::vector<Arrival>> read_azure_rows(Disk& disk, const std::string& path) {
  TROUPE_ASSIGN(const auto file, disk.map(path));
  const std::string_view bytes = file->bytes();
  std::vector<Arrival> out;
  double latest = 0;
  int number = 0;
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    std::string_view line = bytes.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string where = fmt::format("{}:{}", path, number);
    if (number == 1) {
      if (line == kHeader) continue;
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: is neither the header {} nor a JSON object; a trace is Azure's "
                              "CSV or Mooncake's JSONL",
                              where, kHeader));
    }
    if (line.empty()) continue;
    const Result<Arrival> row = parse_row(line);
    if (!row) return within(where, row.error());
    const Status valid = check_trace_row(*row, out.empty() ? row->seconds : latest);
    if (!valid) return within(where, valid.error());
    latest = out.empty() ? row->seconds : std::max(latest, row->seconds);
    out.push_back(*row);
  }
  if (out.empty()) return fail(ErrorCode::kInvalid, path + ": has a header and no rows");
  return out;
}

}  // namespace troupe
