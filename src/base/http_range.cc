#include "base/http_range.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace troupe {
namespace {

/// The digits that begin the text, which are taken off it. Nothing: none, or too many.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

HttpRange choose_range(std::string_view range, std::string_view if_range, std::string_view etag,
                       std::uint64_t size) {
  const HttpRange all{200, 0, size};
  constexpr std::string_view kUnit = "bytes=";
  if (!range.starts_with(kUnit)) return all;
  if (!if_range.empty() && (etag.empty() || if_range != etag)) return all;
  range.remove_prefix(kUnit.size());
  const auto first = take_number(range);
  if (!range.starts_with('-')) return all;
  range.remove_prefix(1);
  const auto last = take_number(range);
  if (!range.empty() || (!first && !last)) return all;
  if (!first) {  // the last so many bytes
    const std::uint64_t count = std::min(*last, size);
    if (count == 0) return {416, 0, 0};
    return {206, size - count, count};
  }
  if (last && *last < *first) return all;
  if (*first >= size) return {416, 0, 0};
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return {206, *first, end - *first + 1};
}

}  // namespace troupe
