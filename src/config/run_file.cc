#include "config/run_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/disk.h"
#include "base/options.h"
#include "config/assign.h"
#include "config/nearest.h"
#include "config/toml_tree.h"

namespace troupe {
namespace {

/// A node of the run file with where it came from.
struct Entry {
  TomlNode node;
  std::string where;               ///< "run.toml:12" or "--set"
  std::optional<std::string> raw;  ///< the value as typed after --set
};

bool is_below(const std::string& key, const std::string& table) {
  return key.size() > table.size() + 1 && key.compare(0, table.size(), table) == 0 &&
         key[table.size()] == '.';
}

std::string table_of(const std::string& key) {
  const std::string last = key_parts(key).back();
  return key.size() == last.size() ? "" : key.substr(0, key.size() - last.size() - 1);
}

tl::unexpected<Error> invalid(const std::string& where, const std::string& message) {
  return fail(ErrorCode::kInvalid, where + ": " + message);
}

}  // namespace

struct RunFile::State {
  std::string path;
  std::vector<Entry> entries;   ///< file order, then --set in the order given
  std::vector<Option> options;  ///< bound so far

  Entry* find(const std::string& key) {
    for (auto& entry : entries) {
      if (entry.node.key == key) return &entry;
    }
    return nullptr;
  }

  /// Every table that holds a bound option, at any depth.
  [[nodiscard]] std::vector<std::string> known_tables() const {
    std::vector<std::string> out;
    for (const auto& option : options) {
      for (std::string t = table_of(option.key); !t.empty(); t = table_of(t)) {
        if (std::find(out.begin(), out.end(), t) == out.end()) out.push_back(t);
      }
    }
    return out;
  }

  /// Adds or replaces one value given by --set.
  Status put(Entry entry);
  /// What is wrong with an entry that no option claimed, with the remedy.
  [[nodiscard]] std::string complaint(const TomlNode& node) const;
};

Status RunFile::State::put(Entry entry) {
  const std::string& key = entry.node.key;
  for (const auto& other : entries) {
    const std::string& there = other.node.key;
    if (there == key && other.node.table && !entry.node.table) {
      return invalid(entry.where,
                     fmt::format("{} is a table in {}; set one of its keys", key, other.where));
    }
    if (!other.node.table && is_below(key, there)) {
      return invalid(entry.where,
                     fmt::format("{}: {} is a value in {}, not a table", key, there, other.where));
    }
    if (!entry.node.table && is_below(there, key)) {
      return invalid(entry.where,
                     fmt::format("{} is a table in {}; set one of its keys", key, other.where));
    }
  }
  Entry* same = find(key);
  if (same == nullptr) {
    entries.push_back(std::move(entry));
  } else if (entry.node.table && !same->node.table) {
    return invalid(entry.where, fmt::format("{} is a value in {}, not a table", key, same->where));
  } else if (!entry.node.table) {
    *same = std::move(entry);
  }
  return {};
}

std::string RunFile::State::complaint(const TomlNode& node) const {
  std::vector<std::string> candidates;
  const std::vector<std::string> known = known_tables();
  const std::string table = table_of(node.key);
  if (!node.table) {
    if (std::find(known.begin(), known.end(), node.key) != known.end()) {
      return fmt::format("{} is a table, not a value; write [{}] and its keys below it", node.key,
                         node.key);
    }
    for (const auto& option : options) candidates.push_back(option.key);
  } else {
    candidates = known;
  }
  const std::string what =
      fmt::format("unknown {} {}", node.table ? "table" : "key", printable(node.key, 120));
  const auto near = nearest_keys(node.key, candidates, 1);
  if (!near.empty()) return fmt::format("{}; did you mean {}?", what, near.front());
  if (std::find(known.begin(), known.end(), table) != known.end()) {
    return fmt::format("{}; 'troupe explain {}' lists the keys of this table", what, table);
  }
  std::string tables;
  for (const auto& name : known) {
    if (name.find('.') == std::string::npos) tables += (tables.empty() ? "" : ", ") + name;
  }
  return tables.empty() ? what + "; remove it" : what + "; the tables are " + tables;
}

RunFile::RunFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunFile::RunFile(RunFile&& other) noexcept = default;
RunFile& RunFile::operator=(RunFile&& other) noexcept = default;
RunFile::~RunFile() = default;

Result<RunFile> RunFile::parse(std::string_view text, const std::string& path) {
  TROUPE_ASSIGN(auto nodes, parse_toml(text, path));
  auto state = std::make_unique<State>();
  state->path = path;
  for (auto& node : nodes) {
    std::string where = fmt::format("{}:{}", path, node.line);
    state->entries.push_back({std::move(node), std::move(where), {}});
  }
  return RunFile(std::move(state));
}

Result<RunFile> RunFile::load(Disk& disk, const std::string& path) {
  auto text = disk.read(path);
  if (!text) return within("run file", std::move(text.error()));
  return parse(*text, path);
}

Status RunFile::set(std::string_view assignment) {
  const std::string where = "--set";
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return invalid(
        where, fmt::format("expected key=value, found {}", toml_quoted(printable(assignment, 60))));
  }
  const std::string key(assignment.substr(0, equals));
  const std::string value(assignment.substr(equals + 1));

  // The key alone, so that a value can never smuggle in further keys.
  const auto key_nodes = parse_toml(key + " = 0", where);
  const bool one_key = key_nodes && !key_nodes->empty() && !key_nodes->back().table &&
                       key.find('\n') == std::string::npos;
  if (!one_key) {
    return invalid(where, fmt::format("{} is not a key; keys look like table.name",
                                      toml_quoted(printable(key, 60))));
  }
  const std::string full = key_nodes->back().key;

  auto nodes = parse_toml("v = " + value, where);
  const bool is_toml = nodes && !nodes->empty() && nodes->front().key == "v" &&
                       (nodes->size() == 1 || nodes->front().table) &&
                       std::all_of(nodes->begin() + 1, nodes->end(),
                                   [](const auto& n) { return is_below(n.key, "v"); });
  const bool is_date = is_toml && nodes->size() == 1 && !nodes->front().table &&
                       nodes->front().value.kind == TomlValue::Kind::kOther;
  if (!is_toml || is_date) {
    if (!value.empty() && std::string_view("[{\"'").find(value.front()) != std::string_view::npos) {
      return invalid(where, fmt::format("{}: {} is not a TOML value", full, printable(value, 60)));
    }
    nodes = parse_toml("v = " + toml_quoted(value), where);
    if (!nodes) return invalid(where, fmt::format("{}: the value is not UTF-8 text", full));
  }
  for (auto& node : *nodes) {
    node.key = full + node.key.substr(1);
    std::optional<std::string> raw;
    if (nodes->size() == 1) raw = value;
    TROUPE_TRY(state_->put({std::move(node), where, std::move(raw)}));
  }
  return {};
}

std::vector<std::string> RunFile::tables(const std::string& prefix) const {
  std::vector<std::string> out;
  for (const auto& entry : state_->entries) {
    const std::string& key = entry.node.key;
    if (!prefix.empty() && !is_below(key, prefix)) continue;
    const auto parts = key_parts(prefix.empty() ? key : key.substr(prefix.size() + 1));
    if (parts.size() == 1 && !entry.node.table) continue;
    if (std::find(out.begin(), out.end(), parts[0]) == out.end()) out.push_back(parts[0]);
  }
  return out;
}

std::optional<std::string> RunFile::text(const std::string& key) const {
  const Entry* entry = state_->find(key);
  if (entry == nullptr || entry->node.table || entry->node.value.kind == TomlValue::Kind::kList) {
    return std::nullopt;
  }
  const bool is_text = entry->node.value.kind == TomlValue::Kind::kText;
  return entry->raw && !is_text ? *entry->raw : entry->node.value.text;
}

Status RunFile::bind(OptionSet& options) {
  for (const auto& option : options.options()) {
    for (const auto& bound : state_->options) {
      if (bound.key == option.key) {
        return fail(ErrorCode::kInternal, "option " + option.key + " is declared twice");
      }
    }
    state_->options.push_back(option);
    const Entry* entry = state_->find(option.key);
    if (entry == nullptr) continue;
    const std::string where = entry->where + ": " + option.key;
    if (entry->node.table) {
      return invalid(where, fmt::format("expected {}, found a table", expected_value(option)));
    }
    auto status = assign(option, entry->node.value, entry->raw);
    if (!status) return within(where, std::move(status.error()));
  }
  return {};
}

Status RunFile::finish() {
  std::set<std::string> known;
  for (const auto& option : state_->options) known.insert(option.key);
  for (auto& table : state_->known_tables()) known.insert(std::move(table));
  std::set<std::string> filled;  // tables that hold a key: their keys complain, not they
  for (const auto& entry : state_->entries) {
    if (entry.node.table) continue;
    for (std::string t = table_of(entry.node.key); !t.empty(); t = table_of(t)) filled.insert(t);
  }
  std::set<std::string> option_keys;
  for (const auto& option : state_->options) option_keys.insert(option.key);

  std::string first;
  int more = -1;
  for (const auto& entry : state_->entries) {
    const TomlNode& node = entry.node;
    const bool claimed = node.table ? known.count(node.key) != 0 || filled.count(node.key) != 0
                                    : option_keys.count(node.key) != 0;
    if (claimed) continue;
    ++more;
    if (first.empty()) first = entry.where + ": " + state_->complaint(node);
  }
  if (first.empty()) return {};
  if (more > 0) first += fmt::format(" ({} more unknown)", more);
  return fail(ErrorCode::kInvalid, first);
}

std::string RunFile::resolved() const {
  // TOML opens a table once, so options are gathered by table; those of no table come first.
  std::vector<std::string> order = {""};
  for (const auto& option : state_->options) {
    std::string table = table_of(option.key);
    if (std::find(order.begin(), order.end(), table) == order.end()) order.push_back(table);
  }
  std::string out;
  for (const auto& table : order) {
    if (!table.empty()) out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", table);
    for (const auto& option : state_->options) {
      if (table_of(option.key) != table) continue;
      std::string help = option.help;
      std::replace(help.begin(), help.end(), '\n', ' ');
      out +=
          fmt::format("# {}\n{} = {}\n", help, key_parts(option.key).back(), option.value_text());
    }
  }
  return out;
}

}  // namespace troupe
