#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands.h"
#include "cli/store.h"
#include "observe/progress_text.h"

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

/// The first group in the order of admission that is still of use; none if there is none.
std::optional<GroupKey> oldest(const ExperienceTable& table) {
  for (const auto& [key, entry] : table.entries()) {
    if (!entry.unused()) return key;
  }
  return std::nullopt;
}

std::int64_t rows_held(const ExperienceTable& table) {
  std::int64_t out = 0;
  for (const auto& [key, entry] : table.entries()) {
    out += static_cast<std::int64_t>(entry.rows.size());
  }
  return out;
}

/// Groups that became ready behind a consumer's cursor, each policy's part counted.
std::int64_t behind(const StoreState& state, Lsn position) {
  std::int64_t out = 0;
  for (auto more = state.ready_behind(position, &position); !more.empty();
       more = state.ready_behind(position, &position)) {
    out += static_cast<std::int64_t>(more.size());
  }
  return out;
}

std::uint64_t file_bytes(const JournalScan& scan) {
  std::uint64_t out = 0;
  for (const JournalSegment& segment : scan.segments) out += segment.file_bytes;
  return out;
}

Json table_json(const ExperienceTable& table) {
  Json out;
  out["version"] = table.version();
  out["incarnation"] = table.timeline().at(table.version()).incarnation;
  for (std::size_t s = 0; s < kGroupStates; ++s) {
    const auto state = static_cast<GroupState>(s);
    out["held"][to_string(state)] = table.held(state);
    out["entered"][to_string(state)] = table.entered(state);
  }
  out["reasons"] = Json::object();
  for (const auto& [reason, count] : table.reasons()) out["reasons"][reason] = count;
  out["rows_held"] = rows_held(table);
  out["used_samples"] = table.used();
  out["used_digest"] = fmt::format("{:016x}", table.used_digest());
  out["timeline"] = Json::array();
  for (const auto& [incarnation, after] : table.timeline().forks()) {
    out["timeline"].push_back({{"incarnation", incarnation}, {"after_version", after}});
  }
  out["oldest_held"] = nullptr;
  if (const auto key = oldest(table)) {
    out["oldest_held"] = {
        {"step", key->step}, {"index", key->index}, {"state", to_string(table.find(*key)->state)}};
  }
  return out;
}

std::string stat_json(const ExperienceFolder& folder, const ExperienceView& view) {
  const JournalScan& scan = view.scan;
  Json out;
  out["folder"] = folder.journal;
  out["run"] = fmt::format("{:016x}", view.state.heading().run);
  out["incarnation"] = view.state.incarnation();
  out["retired_steps"] = view.state.retired_steps();
  out["next_place"] = view.state.next_place();
  out["segments"] = scan.segments.size();
  out["file_bytes"] = file_bytes(scan);
  out["first_lsn"] = scan.segments.front().first;
  out["end_lsn"] = scan.end;
  out["durable_lsn"] = std::max(scan.durable, scan.segments.back().first);
  out["snapshot_lsn"] =
      scan.segments[scan.start].snapshot ? Json(scan.segments[scan.start].first) : Json(nullptr);
  out["needed_from_lsn"] = view.state.needed_from(scan.end);
  out["closed"] = scan.closed && !scan.damage;
  out["damage"] = nullptr;
  if (scan.damage) {
    out["damage"] = {{"file", scan.damage->path},
                     {"offset", scan.damage->offset},
                     {"bytes", scan.damage->bytes},
                     {"durable", scan.damage->durable}};
  }
  out["consumers"] = Json::object();
  for (const auto& [name, position] : view.state.consumers()) {
    out["consumers"][name] = {{"position", position}, {"behind", behind(view.state, position)}};
  }
  out["policies"] = Json::object();
  for (const auto& table : view.state.tables())
    out["policies"][table->policy()] = table_json(*table);
  return out.dump(2);
}

/// A table with one or two columns of numbers per policy.
class Columns {
 public:
  explicit Columns(const StoreState& state) : state_(state) {}

  void head() const {
    std::string names = pad_right("", kFirst), kinds = pad_right("groups", kFirst);
    for (const auto& table : state_.tables()) {
      names += pad_left(fit(table->policy(), 2 * kWidth - 2), 2 * kWidth);
      kinds += pad_left("held", kWidth) + pad_left("ever", kWidth);
    }
    fmt::print("{}\n{}\n", names, kinds);
  }
  template <class Cell>
  void row(const std::string& name, Cell cell) const {
    std::string out = pad_right(name, kFirst);
    for (const auto& table : state_.tables()) out += pad_left(cell(*table), 2 * kWidth);
    fmt::print("{}\n", out);
  }
  void states() const {
    for (std::size_t s = 0; s < kGroupStates; ++s) {
      const auto state = static_cast<GroupState>(s);
      row(std::string("  ") + to_string(state), [state](const ExperienceTable& table) {
        return pad_left(std::to_string(table.held(state)), kWidth) +
               pad_left(std::to_string(table.entered(state)), kWidth);
      });
    }
  }

 private:
  static constexpr int kFirst = 18, kWidth = 10;
  const StoreState& state_;
};

void print_stat(const ExperienceFolder& folder, const ExperienceView& view) {
  const JournalScan& scan = view.scan;
  const StoreState& state = view.state;
  fmt::print("{}: {}, {}; LSN {} to {}{}\n", folder.journal,
             counted(static_cast<std::int64_t>(scan.segments.size()), "segment"),
             bytes_text(file_bytes(scan)), scan.segments.front().first, scan.end,
             scan.closed && !scan.damage ? ", closed in good order" : "");
  fmt::print("incarnation {}, {} retired, next task at place {}\n\n", state.incarnation(),
             counted(state.retired_steps(), "step"), state.next_place());
  const Columns columns(state);
  columns.head();
  columns.states();
  const auto text = [](std::int64_t value) { return std::to_string(value); };
  columns.row("rows held", [&](const ExperienceTable& t) { return text(rows_held(t)); });
  columns.row("oldest held", [](const ExperienceTable& t) {
    const auto key = oldest(t);
    return key ? fmt::format("{}/{} {}", key->step, key->index, to_string(t.find(*key)->state))
               : std::string("-");
  });
  columns.row("version", [&](const ExperienceTable& t) { return text(t.version()); });
  columns.row("  incarnation", [&](const ExperienceTable& t) {
    return text(t.timeline().at(t.version()).incarnation);
  });
  columns.row("used samples", [&](const ExperienceTable& t) { return text(t.used()); });
  columns.row("  digest",
              [](const ExperienceTable& t) { return fmt::format("{:016x}", t.used_digest()); });
  for (const auto& table : state.tables()) {
    for (const auto& [reason, count] : table->reasons()) {
      fmt::print("{}: {} ended as \"{}\"\n", table->policy(), counted(count, "group"), reason);
    }
  }
  for (const auto& [name, position] : state.consumers()) {
    fmt::print("consumer {}: has used all before LSN {}, {} behind\n", name, position,
               counted(behind(state, position), "group"));
  }
  if (scan.damage && !scan.damage->durable) {
    fmt::print("{}\n", torn_end_text(scan.damage->path, scan.damage->offset, scan.damage->bytes));
  }
}

Status stat(const std::string& run, bool json) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(const ExperienceFolder folder, find_experience(*disk, run));
  TROUPE_ASSIGN(const auto view, read_experience(*disk, folder.journal));
  if (view->scan.segments.empty() || view->state.tables().empty()) {
    return fail(ErrorCode::kInvalid,
                folder.journal + ": nothing has been written yet, or nothing of it is whole");
  }
  if (json) {
    fmt::print("{}\n", stat_json(folder, *view));
  } else {
    print_stat(folder, *view);
  }
  return check_damage(view->scan);
}

}  // namespace

void add_store_stat(CLI::App& store, int& exit_code) {
  auto run = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  CLI::App* command = store.add_subcommand("stat", "What is in it: groups by state, what was used");
  add_run_argument(*command, *run);
  command->add_flag("--json", *json, "One JSON object");
  command->callback([run, json, &exit_code] {
    const Status status = stat(*run, *json);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
