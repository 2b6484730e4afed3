#pragma once

#include <optional>
#include <string>

#include "base/options.h"
#include "troupe/result.h"

namespace troupe {

struct TomlValue;

/// Puts a value into an option's variable after checking type, range and choices. On error the
/// variable is unchanged and the message says what was expected and what was found.
/// `raw`: the value as typed on a command line; a text option takes it as it is.
Status assign(const Option& option, const TomlValue& value, const std::optional<std::string>& raw);

/// What an option accepts: "an integer from 1 to 64", "one of \"a\", \"b\"", "a list of text".
std::string expected_value(const Option& option);

/// "from 1 to 64", "of at least 1", or nothing.
std::string range_text(const Option& option);

}  // namespace troupe
