#include "environment/json_lines.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/disk.h"

namespace troupe {
namespace {

using nlohmann::json;

Result<json> parse_line(const std::string& text) {
  try {
    json value = json::parse(text);
    if (value.is_object()) return value;
    return fail(
        ErrorCode::kInvalid,
        fmt::format("is {}, not a JSON object; write one {{...}} per line",
                    value.is_array() ? "a JSON list" : "a JSON " + std::string(value.type_name())));
  } catch (const json::parse_error& error) {
    const std::string_view what = error.what();
    if (what.find("UTF-8") != std::string_view::npos) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("is not valid UTF-8 at byte {}; save the file as UTF-8", error.byte));
    }
    return fail(ErrorCode::kInvalid,
                fmt::format("is not valid JSON at byte {}; write one complete JSON object per line",
                            error.byte));
  } catch (const json::exception& error) {
    return fail(ErrorCode::kInvalid, fmt::format("cannot be read: {}", error.what()));
  }
}

}  // namespace

Status read_json_lines(Disk& disk, const std::string& path, const std::string& option,
                       const std::function<Status(int line, const json& object)>& visit) {
  const Result<std::string> bytes = disk.read(path);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{}: there is no file '{}'; give the path of a JSONL file", option, path));
  }
  if (!bytes) return within(option, bytes.error());
  int number = 0;
  int objects = 0;
  for (std::size_t begin = 0; begin < bytes->size();) {
    std::size_t end = bytes->find('\n', begin);
    if (end == std::string::npos) end = bytes->size();
    const std::string line = bytes->substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = fmt::format("{}:{}", path, number);
    const Result<json> object = parse_line(line);
    if (!object) return within(where, object.error());
    if (Status status = visit(number, *object); !status) return within(where, status.error());
    ++objects;
  }
  if (objects > 0) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("{}: the file '{}' is empty; write one JSON object per line", option, path));
}

}  // namespace troupe
