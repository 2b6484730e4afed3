#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Reading the answer out of a text. Pure functions, safe on any bytes.

/// Without spaces, tabs and line ends at both ends.
std::string trimmed(std::string_view text);

/// What follows the last "####" (GSM8K's mark), or all of it; trimmed.
std::string final_answer(std::string_view text);

/// The last number in `text`: decimal, with an optional sign, thousands commas, fraction and a
/// leading '$': "so -$1,234.50." gives -1234.5. A '-' after a digit or letter is no sign.
std::optional<double> last_number(std::string_view text);

/// The number that `text` is as a whole (the same forms, and a '%' may follow).
std::optional<double> whole_number_text(std::string_view text);

}  // namespace troupe
