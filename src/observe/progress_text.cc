#include "observe/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace troupe {
namespace {

bool starts_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long long>(std::llround(std::min(seconds, 1e12)));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string count_text(double value) {
  if (!std::isfinite(value)) return "-";
  if (std::abs(value) < 999.5) return fmt::format("{:.0f}", value);
  if (std::abs(value) < 99950) return fmt::format("{:.1f}k", value / 1e3);
  if (std::abs(value) < 999500) return fmt::format("{:.0f}k", value / 1e3);
  return fmt::format("{:.1f}M", value / 1e6);
}

std::string grouped_text(std::int64_t value) {
  std::string out = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) {
    out.insert(static_cast<std::size_t>(at), ",");
  }
  return out;
}

std::string value_text(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  if (value == 0) return "0";
  if (std::abs(value) < std::pow(10.0, -digits) || std::abs(value) >= 1e5) {
    return fmt::format("{:.0e}", value);
  }
  return fmt::format("{:.{}f}", value, digits);
}

std::string percent_text(double share) {
  if (!std::isfinite(share)) return "-";
  const double percent = 100 * share;
  const bool round = percent == 0 || percent == 100 || (percent >= 1 && percent < 99);
  return fmt::format("{:.{}f}%", percent, round ? 0 : 1);
}

std::string progress_bar(double fraction, int width) {
  const int inside = std::max(width - 2, 1);
  const double share = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  const int full = static_cast<int>(std::floor(share * inside));
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(inside - full), '.') + "]";
}

int columns(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), starts_code_point));
}

std::string fit(std::string_view text, int width) {
  if (columns(text) <= width) return std::string(text);
  std::string out;
  int used = 0;
  for (const char c : text) {
    if (starts_code_point(c) && ++used >= width) break;
    out.push_back(c);
  }
  return width > 0 ? out + "~" : "";
}

std::string pad_left(std::string_view text, int width) {
  return std::string(static_cast<std::size_t>(std::max(width - columns(text), 0)), ' ') +
         std::string(text);
}

std::string pad_right(std::string_view text, int width) {
  return std::string(text) +
         std::string(static_cast<std::size_t>(std::max(width - columns(text), 0)), ' ');
}

}  // namespace troupe
