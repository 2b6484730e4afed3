#include "store/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/numbers.h"

namespace troupe::bench {
namespace {

using Json = nlohmann::ordered_json;

double quantile(const std::vector<double>& sorted, double q) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(q * double(sorted.size() - 1))];
}

double megabytes_per_second(const Row& row) {
  return median(row.rates) * static_cast<double>(row.entry.sample_bytes) / 1e6;
}

// Bytes that a sample costs beyond its own, in the last round.
double beyond(const Row& row, std::uint64_t Appended::*bytes) {
  const Appended& last = row.appends.back();
  return static_cast<double>(last.*bytes) / static_cast<double>(last.samples) -
         static_cast<double>(row.entry.sample_bytes);
}

Json to_json(const Row& row) {
  Json json = {{"system", row.entry.system},
               {"variant", row.entry.variant},
               {"sample_bytes", row.entry.sample_bytes},
               {"group", row.entry.group}};
  if (!row.absent.empty()) {
    json["absent"] = row.absent;
    return json;
  }
  json["lost_at_power_cut"] = row.entry.durability;
  json["rounds"] = Json::array();
  for (std::size_t i = 0; i < row.appends.size(); ++i) {
    Json round = {{"samples", row.appends[i].samples}, {"seconds", row.appends[i].seconds}};
    if (i < row.shares.size()) round["share_of_raw"] = row.shares[i];
    if (i < row.ratios.size()) round["ours_over_this"] = row.ratios[i];
    json["rounds"].push_back(round);
  }
  json["appends_per_second"] = median(row.rates);
  json["megabytes_per_second"] = megabytes_per_second(row);
  if (!row.shares.empty()) json["share_of_raw"] = median(row.shares);
  if (!row.ratios.empty()) json["ours_over_this"] = median(row.ratios);
  json["disk_bytes_beyond_payload"] = beyond(row, &Appended::disk_bytes);
  if (row.appends.back().memory_bytes > 0) {
    json["memory_bytes_beyond_payload"] = beyond(row, &Appended::memory_bytes);
  }
  if (!row.takes.empty()) {
    json["takes"] = row.takes.size();
    json["samples_per_take"] = row.samples_per_take;
    json["take_median_us"] = 1e6 * quantile(row.takes, 0.5);
    json["take_p99_us"] = 1e6 * quantile(row.takes, 0.99);
  }
  return json;
}

std::string text_of(const Row& row) {
  std::string text = fmt::format("{:<7} {:<23} {:>3} ", row.entry.system, row.entry.variant,
                                 row.entry.sample_bytes / 1024);
  if (!row.absent.empty()) return text + "not measured: " + row.absent;
  text +=
      fmt::format("{:>10} {:>6.0f} ", with_commas(median(row.rates)), megabytes_per_second(row));
  text += row.shares.empty() ? fmt::format("{:>6} ", "-")
                             : fmt::format("{:>5.0f}% ", 100 * median(row.shares));
  text += row.ratios.empty() ? fmt::format("{:>6} ", "-")
                             : fmt::format("{:>5.1f}x ", median(row.ratios));
  text += fmt::format("{:>7.0f} ", beyond(row, &Appended::disk_bytes));
  text += row.takes.empty() ? fmt::format("{:>7} {:>7}", "-", "-")
                            : fmt::format("{:>7.0f} {:>7.0f}", 1e6 * quantile(row.takes, 0.5),
                                          1e6 * quantile(row.takes, 0.99));
  return text;
}

/// What our store should reach: five times the faster of the others, or 0.7 of plain writes if that
/// is less.
struct Aim {
  double rate = 0;  ///< samples/s; 0: somebody to compare with was not measured
  double reached = 0;
};

Aim aim_at(const std::vector<Row>& rows, std::int64_t sample_bytes) {
  double bar = 0;
  double others = 0;
  Aim aim;
  for (const Row& row : rows) {
    if (row.entry.sample_bytes != sample_bytes || row.rates.empty()) continue;
    const double rate = median(row.rates);
    if (row.entry.system == "raw") {
      if (bar == 0) bar = rate;
    } else if (row.entry.system == "troupe") {
      if (row.entry.group == 16) aim.reached = rate;
    } else {
      others = std::max(others, rate);
    }
  }
  if (bar > 0 && others > 0 && aim.reached > 0) aim.rate = std::min(0.7 * bar, 5 * others);
  return aim;
}

std::vector<std::int64_t> sizes(const std::vector<Row>& rows) {
  std::vector<std::int64_t> out;
  for (const Row& row : rows) out.push_back(row.entry.sample_bytes);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Json to_json(const Resident& r) {
  return {{"rows", r.rows},
          {"group", r.group},
          {"sample_bytes", r.sample_bytes},
          {"append_seconds", r.append_seconds},
          {"memory_bytes_beyond_payload", r.memory_beyond},
          {"disk_bytes_beyond_payload", r.disk_beyond},
          {"takes", r.takes.size()},
          {"take_and_cover_median_us", 1e6 * quantile(r.takes, 0.5)},
          {"take_and_cover_p99_us", 1e6 * quantile(r.takes, 0.99)},
          {"longest_pause_ms", 1e3 * r.longest_pause},
          {"rows_recovered", r.rows_behind},
          {"open_after_crash_seconds", r.open_after_crash},
          {"open_after_close_seconds", r.open_after_close}};
}

std::string text_of(const Resident& r) {
  return fmt::format(
      "troupe with {} samples of {} B in groups of {}: take and cover {:.1f} us, p99 {:.1f} us;\n"
      "beyond a sample's own bytes {:.0f} in memory, {:.0f} on disk; the strand was kept up to "
      "{:.0f} ms;\nopen after a crash {:.2f} s, after a close {:.2f} s, with {} samples",
      with_commas(static_cast<double>(r.rows)), r.sample_bytes, r.group,
      1e6 * quantile(r.takes, 0.5), 1e6 * quantile(r.takes, 0.99), r.memory_beyond, r.disk_beyond,
      1e3 * r.longest_pause, r.open_after_crash, r.open_after_close,
      with_commas(static_cast<double>(r.rows_behind)));
}

}  // namespace

Report::Report(bool json) : json_(json), terminal_(isatty(STDERR_FILENO) != 0) {}
Report::~Report() { clear_progress(); }

void Report::clear_progress() const {
  if (terminal_) fmt::print(stderr, "\r\033[K");
}

void Report::progress(const std::string& text) const {
  if (!terminal_) return;
  fmt::print(stderr, "\r\033[K{}", text);
  std::fflush(stderr);
}

void Report::finish(const Place& place, const std::vector<Row>& rows,
                    const std::optional<Resident>& resident) const {
  clear_progress();
  if (json_) {
    print_json(place, rows, resident);
  } else {
    print_table(place, rows, resident);
  }
}

void Report::print_table(const Place& place, const std::vector<Row>& rows,
                         const std::optional<Resident>& resident) const {
  fmt::print(
      "Synced at least once in {:.0f} s, and at the end before the clock stops; a power cut loses "
      "what came since.\nOn {}; the median of {} round{}.\n\n",
      kSyncSeconds, place.file_system, place.rounds, place.rounds == 1 ? "" : "s");
  fmt::print("{:<7} {:<23} {:>3} {:>10} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7}\n", "system", "use",
             "KiB", "appends/s", "MB/s", "of raw", "ours", "disk, B", "take us", "p99 us");
  for (const Row& row : rows) fmt::print("{}\n", text_of(row));
  fmt::print("\n");
  for (const std::int64_t size : sizes(rows)) {
    const Aim aim = aim_at(rows, size);
    if (aim.rate == 0) continue;
    fmt::print("{} KiB: {} appends/s in groups of 16, aim {}\n", size / 1024,
               with_commas(aim.reached), with_commas(aim.rate));
  }
  if (resident) fmt::print("{}\n", text_of(*resident));
  const double others = others_.share();
  if (others > 0.05) {
    fmt::print(
        "\nother processes and the kernel used {:.0f}% of the processors meanwhile: a quiet "
        "machine gives higher figures\n",
        100 * others);
  }
}

void Report::print_json(const Place& place, const std::vector<Row>& rows,
                        const std::optional<Resident>& resident) const {
  Json json;
  json["sync_seconds"] = kSyncSeconds;
  json["durability"] =
      "all samples are synced at least once in sync_seconds, and before the clock stops; a power "
      "cut loses what came since";
  json["file_system"] = place.file_system;
  json["other_processes_share"] = others_.share();
  json["rows"] = Json::array();
  for (const Row& row : rows) json["rows"].push_back(to_json(row));
  json["aims"] = Json::array();
  for (const std::int64_t size : sizes(rows)) {
    const Aim aim = aim_at(rows, size);
    if (aim.rate == 0) continue;
    json["aims"].push_back({{"sample_bytes", size},
                            {"appends_per_second", aim.reached},
                            {"aim_appends_per_second", aim.rate}});
  }
  if (resident) json["resident"] = to_json(*resident);
  fmt::print("{}\n", json.dump(1));
}

}  // namespace troupe::bench
