#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// "8.4 s", "1:36", "2:05:10"; "?" for a negative or non-finite number of seconds.
std::string duration_text(double seconds);

/// "950", "12.3k", "4.5M"; "-" if not finite.
std::string count_text(double value);

/// "1,234,567".
std::string grouped_text(std::int64_t value);

/// `value` with `digits` after the point, or in short scientific form where that would show only
/// zeros or be wider than 7 columns; "-" if not finite.
std::string value_text(double value, int digits);

/// "41%" or "99.6%" (one decimal above 99 and below 1); "-" if not finite.
std::string percent_text(double share);

/// "[#####.....]", `width` columns in all, at least 3. `fraction` is clamped to [0, 1].
std::string progress_bar(double fraction, int width);

/// Columns of UTF-8 text; every code point counts as one.
int columns(std::string_view text);

/// The text cut to at most `width` columns; a cut is shown with "~".
std::string fit(std::string_view text, int width);

/// The text padded with blanks to `width` columns; never cut.
std::string pad_left(std::string_view text, int width);
std::string pad_right(std::string_view text, int width);

}  // namespace troupe
