#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// One value of a TOML text.
struct TomlValue {
  enum class Kind { kBool, kInteger, kNumber, kText, kList, kOther };
  Kind kind = Kind::kOther;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;              ///< of kText: the text; of the others: as a person would write it
  std::vector<TomlValue> items;  ///< of kList

  /// For messages: "text \"eight\"", "integer 8", "a list of 3". Printable, and never long.
  [[nodiscard]] std::string describe() const;
};

/// A key with its value, or a table. `key` is the full dotted key; a part that is not a bare TOML
/// key is quoted in it: policy."my agent".layers.
struct TomlNode {
  std::string key;
  bool table = false;
  TomlValue value;  ///< if not a table
  int line = 0;     ///< 1-based
};

/// Parses TOML 1.0 into a flat list in file order; inline tables are tables like any other.
/// A text that is not TOML is kInvalid: "path:line:column: ...". No input crashes or overflows the
/// stack: keys have at most 16 parts and values nest at most 256 deep.
Result<std::vector<TomlNode>> parse_toml(std::string_view text, const std::string& path);

/// The text as a TOML basic string, on one line.
std::string toml_quoted(std::string_view text);

/// Splits a full key into its parts, each as written (quoted parts keep their quotes).
std::vector<std::string> key_parts(std::string_view key);

/// Bytes that do not print become escapes; what is longer than `most` bytes ends in "...".
std::string printable(std::string_view text, std::size_t most);

}  // namespace troupe
