#include "config/toml_tree.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>
#include <utility>

namespace troupe {
namespace {

constexpr int kMostKeyParts = 16;

/// The library destroys tables recursively, so a key of a million parts would overflow the stack.
/// Gives the line of the first key with too many parts, or 0. Dots inside strings and comments do
/// not count; a dot belongs to the same key as the one before unless one of ",=[]{}" or a line end
/// is between them.
int line_of_too_deep_key(std::string_view text) {
  int line = 1;
  int dots = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      dots = 0;
    } else if (c == '#') {
      while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
    } else if (c == '"' || c == '\'') {
      const bool triple = text.substr(i, 3) == std::string(3, c);
      i += triple ? 3 : 1;
      for (; i < text.size(); ++i) {
        if (text[i] == '\n') {
          ++line;
          if (!triple) break;
        } else if (text[i] == '\\' && c == '"') {
          ++i;
        } else if (text[i] == c && (!triple || text.substr(i, 3) == std::string(3, c))) {
          i += triple ? 2 : 0;
          break;
        }
      }
    } else if (c == '.') {
      if (++dots >= kMostKeyParts) return line;
    } else if (c == ',' || c == '=' || c == '[' || c == ']' || c == '{' || c == '}') {
      dots = 0;
    }
  }
  return 0;
}

bool is_bare(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string as_text(const toml::node& node) {
  std::ostringstream out;
  node.visit([&out](const auto& n) { out << n; });
  return out.str();
}

TomlValue convert(const toml::node& node) {
  TomlValue out;
  if (const auto* array = node.as_array()) {
    out.kind = TomlValue::Kind::kList;
    for (const auto& item : *array) out.items.push_back(convert(item));
  } else if (const auto* text = node.as_string()) {
    out.kind = TomlValue::Kind::kText;
    out.text = text->get();
  } else {
    out.text = node.is_table() ? "a table" : as_text(node);
    if (const auto* boolean = node.as_boolean()) {
      out.kind = TomlValue::Kind::kBool;
      out.boolean = boolean->get();
    } else if (const auto* integer = node.as_integer()) {
      out.kind = TomlValue::Kind::kInteger;
      out.integer = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
      out.kind = TomlValue::Kind::kNumber;
      out.number = number->get();
      out.text = fmt::format("{}", out.number);
    }
  }
  return out;
}

struct Placed {
  toml::source_position position;
  TomlNode node;
};

void flatten(const toml::table& table, std::string& prefix, std::vector<Placed>& out) {
  for (const auto& [key, node] : table) {
    const std::size_t length = prefix.size();
    if (length != 0) prefix += '.';
    prefix += is_bare(key.str()) ? std::string(key.str()) : toml_quoted(key.str());
    const toml::source_position position = key.source().begin;
    TomlNode flat;
    flat.key = prefix;
    flat.line = static_cast<int>(position.line);
    flat.table = node.is_table();
    if (!flat.table) flat.value = convert(node);
    out.push_back({position, std::move(flat)});
    if (const auto* inner = node.as_table()) flatten(*inner, prefix, out);
    prefix.resize(length);
  }
}

}  // namespace

std::string TomlValue::describe() const {
  switch (kind) {
    case Kind::kBool:
      return text;
    case Kind::kInteger:
      return "integer " + text;
    case Kind::kNumber:
      return "number " + text;
    case Kind::kText:
      return "text " + toml_quoted(printable(text, 60));
    case Kind::kList:
      return fmt::format("a list of {}", items.size());
    case Kind::kOther:
      break;
  }
  return printable(text, 60);
}

Result<std::vector<TomlNode>> parse_toml(std::string_view text, const std::string& path) {
  if (const int line = line_of_too_deep_key(text); line != 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}:{}: a key has more than {} parts", path, line, kMostKeyParts));
  }
  std::vector<Placed> placed;
  try {
    const toml::table root = toml::parse(text, path);
    std::string prefix;
    flatten(root, prefix, placed);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return fail(ErrorCode::kInvalid, fmt::format("{}:{}:{}: malformed TOML: {}", path, at.line,
                                                 at.column, printable(error.description(), 300)));
  } catch (const std::exception& error) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: malformed TOML: {}", path, printable(error.what(), 300)));
  }
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
    return std::pair(a.position.line, a.position.column) <
           std::pair(b.position.line, b.position.column);
  });
  std::vector<TomlNode> nodes;
  nodes.reserve(placed.size());
  for (auto& p : placed) nodes.push_back(std::move(p.node));
  return nodes;
}

std::string toml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::vector<std::string> key_parts(std::string_view key) {
  std::vector<std::string> parts(1);
  bool in_quotes = false;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '.' && !in_quotes) {
      parts.emplace_back();
      continue;
    }
    if (key[i] == '"') in_quotes = !in_quotes;
    if (key[i] == '\\' && in_quotes && i + 1 < key.size()) parts.back() += key[i++];
    parts.back() += key[i];
  }
  return parts;
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(byte));
    } else {
      out += c;
    }
    if (out.size() > most) {
      while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80)
        out.pop_back();
      if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
      return out + "...";
    }
  }
  return out;
}

}  // namespace troupe
