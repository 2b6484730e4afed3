#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "troupe/result.h"

namespace troupe {

/// One step through UTF-8 text (Unicode 15, table 3-7).
struct Utf8Step {
  std::size_t size = 0;  ///< bytes to step over; at least 1 if there was any
  bool valid = false;    ///< false: these bytes are a maximal invalid part
  char32_t code = 0;     ///< the code point, if valid
};
/// The step at the start of `text`, which is not empty.
Utf8Step utf8_step(std::string_view text);

/// The position of the first byte that is not valid UTF-8, or npos.
std::size_t utf8_error(std::string_view text);
/// Puts U+FFFD in place of every maximal invalid part, as the Unicode standard recommends.
std::string utf8_repair(std::string_view text);
/// The text in Unicode's normalization form C (libutf8proc). `text` is valid UTF-8.
Result<std::string> utf8_nfc(std::string_view text);
/// Whether a code point has Unicode's property White_Space.
bool is_white_space(char32_t code);
/// The position where the code point before `end` begins. `end` > 0; `text` is valid UTF-8.
std::size_t utf8_before(std::string_view text, std::size_t end);
/// Appends a code point below 0x800.
void utf8_append(std::string& out, char32_t code);

}  // namespace troupe
