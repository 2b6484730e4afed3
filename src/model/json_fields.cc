#include "model/json_fields.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace troupe {

using nlohmann::json;

JsonFields::JsonFields(const json& object, std::string where)
    : object_(object), where_(std::move(where)) {}

const json* JsonFields::take(const std::string& key) {
  taken_.insert(key);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

const json* JsonFields::take_value(const std::string& key) {
  const json* value = take(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string JsonFields::path(const std::string& key) const {
  return where_.empty() ? key : where_ + "." + key;
}

tl::unexpected<Error> JsonFields::wrong(const std::string& key, const std::string& expected) const {
  const auto found = object_.find(key);
  const std::string value = found == object_.end() ? "missing" : "is " + brief_json(*found);
  return fail(ErrorCode::kInvalid, fmt::format("{} {}; expected {}", path(key), value, expected));
}

Status JsonFields::read_int(const std::string& key, int& out, int low, int high) {
  const json* value = take_value(key);
  if (value == nullptr) return {};
  const bool negative = value->is_number_integer() && !value->is_number_unsigned();
  const bool fits = (value->is_number_unsigned() && value->get<std::uint64_t>() <= 0x7fffffffU) ||
                    (negative && value->get<std::int64_t>() >= -0x7fffffffLL);
  if (!fits || value->get<std::int64_t>() < low || value->get<std::int64_t>() > high) {
    return wrong(key, fmt::format("an integer from {} to {}", low, high));
  }
  out = value->get<int>();
  return {};
}

Status JsonFields::read_float(const std::string& key, float& out) {
  double value = static_cast<double>(out);
  TROUPE_TRY(read_double(key, value));
  out = static_cast<float>(value);
  return {};
}

Status JsonFields::read_double(const std::string& key, double& out) {
  const json* value = take_value(key);
  if (value == nullptr) return {};
  if (!value->is_number()) return wrong(key, "a number");
  out = value->get<double>();
  return {};
}

Status JsonFields::read_bool(const std::string& key, bool& out) {
  const json* value = take_value(key);
  if (value == nullptr) return {};
  if (!value->is_boolean()) return wrong(key, "true or false");
  out = value->get<bool>();
  return {};
}

Status JsonFields::read_text(const std::string& key, std::string& out) {
  const json* value = take_value(key);
  if (value == nullptr) return {};
  if (!value->is_string()) return wrong(key, "text");
  out = value->get<std::string>();
  return {};
}

Status JsonFields::only(const std::string& key, const json& wanted, const std::string& remedy) {
  const json* value = take_value(key);
  if (value == nullptr || *value == wanted) return {};
  return not_implemented(key, *value, remedy);
}

tl::unexpected<Error> JsonFields::not_implemented(const std::string& key, const json& value,
                                                  const std::string& remedy) const {
  return fail(ErrorCode::kInvalid, fmt::format("{} is {}, which Troupe does not implement; {}",
                                               path(key), brief_json(value), remedy));
}

Status JsonFields::refuse_others(const std::string& remedy) const {
  for (const auto& [key, value] : object_.items()) {
    if (taken_.contains(key)) continue;
    return fail(ErrorCode::kInvalid, fmt::format("{} is {}: Troupe does not know this field; {}",
                                                 path(key), brief_json(value), remedy));
  }
  return {};
}

std::string brief_json(const json& value) {
  constexpr std::size_t kMost = 60;
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > kMost) text = text.substr(0, kMost) + "...";
  return text;
}

Status check_json_depth(std::string_view text) {
  constexpr int kMost = 64;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == ']' || c == '}') --depth;
    if ((c == '[' || c == '{') && ++depth > kMost) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("more than {} lists and objects lie in each other at byte {}; replace "
                      "the file with a good copy",
                      kMost, i));
    }
  }
  return {};
}

Result<json> parse_json_object(std::string_view text) {
  TROUPE_TRY(check_json_depth(text));
  try {
    json value = json::parse(text);
    if (!value.is_object()) return fail(ErrorCode::kInvalid, "expected a JSON object");
    return value;
  } catch (const json::exception& e) {
    return fail(ErrorCode::kInvalid,
                fmt::format("not valid JSON: {}; replace the file with a complete copy", e.what()));
  }
}

}  // namespace troupe
