#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

#include "troupe/result.h"

namespace troupe {

/// Reads one JSON object key by key and remembers what was read, so that whatever nobody asked for
/// is refused by name: a field that would do nothing is an error. The object is borrowed and must
/// outlive this. Not thread-safe. `where` begins every message, e.g. "model" or "" for the top.
class JsonFields {
 public:
  JsonFields(const nlohmann::json& object, std::string where);

  /// The value, or nullptr if the key is absent. JSON null counts as present.
  const nlohmann::json* take(const std::string& key);
  /// The value, or nullptr if the key is absent or null.
  const nlohmann::json* take_value(const std::string& key);
  /// Sets `out` if the key is present and not null; kInvalid for another type. Integers must lie
  /// in [low, high].
  Status read_int(const std::string& key, int& out, int low, int high);
  Status read_float(const std::string& key, float& out);
  Status read_double(const std::string& key, double& out);
  Status read_bool(const std::string& key, bool& out);
  Status read_text(const std::string& key, std::string& out);
  /// Accepts an absent key, null and `wanted`; another value is not implemented.
  Status only(const std::string& key, const nlohmann::json& wanted, const std::string& remedy);
  [[nodiscard]] tl::unexpected<Error> not_implemented(const std::string& key,
                                                      const nlohmann::json& value,
                                                      const std::string& remedy) const;
  /// Accepts the key with any value, because it changes no result.
  void ignore(const std::string& key) { taken_.insert(key); }
  /// kInvalid names the first key that nobody read; `remedy` ends the message.
  [[nodiscard]] Status refuse_others(const std::string& remedy) const;
  /// "where.key", or "key" at the top.
  [[nodiscard]] std::string path(const std::string& key) const;
  [[nodiscard]] tl::unexpected<Error> wrong(const std::string& key,
                                            const std::string& expected) const;

 private:
  const nlohmann::json& object_;
  std::string where_;
  std::set<std::string> taken_;
};

/// A value as JSON text, cut to fit one line of an error message.
std::string brief_json(const nlohmann::json& value);

/// kInvalid if objects and lists lie in each other deeper than any model file needs. Copies and
/// dumps of JSON call themselves for every level, so that a hostile file could end the process.
Status check_json_depth(std::string_view text);

/// Parses one JSON object; kInvalid says where the text stops being JSON, or that it is too deep.
Result<nlohmann::json> parse_json_object(std::string_view text);

}  // namespace troupe
