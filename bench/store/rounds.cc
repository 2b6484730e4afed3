#include "store/rounds.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/interrupt.h"
#include "store/ballast.h"

namespace troupe::bench {
namespace {

bool is_bar(const Entry& entry) { return entry.system == "raw"; }
bool is_ours(const Entry& entry) { return entry.system == "troupe" && entry.group == 16; }

Status measure(const Options& options, Scratch& scratch, Ballast& ballast, Row& row) {
  Workload load;
  load.sample_bytes = row.entry.sample_bytes;
  load.group = row.entry.group;
  load.samples = std::max<std::int64_t>(16, (options.mebibytes << 20) / load.sample_bytes);
  load.seconds = options.seconds;
  load.takes = options.takes;
  TROUPE_ASSIGN(const std::string folder, scratch.fresh(row.entry.system));
  const auto run = [&]() -> Status {
    TROUPE_ASSIGN(const auto contender, row.entry.make(folder));
    contender->warm_up(load);
    ballast.let_go();
    TROUPE_ASSIGN(const Appended appended, contender->append(load));
    TROUPE_ASSIGN(const Taken taken, contender->take(load));
    row.appends.push_back(appended);
    row.rates.push_back(static_cast<double>(appended.samples) / appended.seconds);
    row.takes.insert(row.takes.end(), taken.seconds.begin(), taken.seconds.end());
    if (!taken.seconds.empty()) {
      row.samples_per_take =
          static_cast<double>(taken.samples) / static_cast<double>(taken.seconds.size());
    }
    return {};
  };
  Status done = run();
  scratch.clear(folder);
  ballast.hold();
  return done;
}

// The first row of that size for which `is` holds; its figures are those the others refer to.
template <class Is>
const Row* reference(const std::vector<Row>& rows, std::int64_t sample_bytes, Is&& is) {
  for (const Row& row : rows) {
    if (row.entry.sample_bytes == sample_bytes && is(row.entry)) return &row;
  }
  return nullptr;
}

void compare(std::vector<Row>& rows) {
  for (Row& row : rows) {
    const Row* bar = reference(rows, row.entry.sample_bytes, is_bar);
    const Row* ours = reference(rows, row.entry.sample_bytes, is_ours);
    for (std::size_t i = 0; i < row.rates.size(); ++i) {
      if (bar != nullptr && i < bar->rates.size()) {
        row.shares.push_back(row.rates[i] / bar->rates[i]);
      }
      const bool other = row.entry.system != "raw" && row.entry.system != "troupe";
      if (ours != nullptr && other && i < ours->rates.size()) {
        row.ratios.push_back(ours->rates[i] / row.rates[i]);
      }
    }
    std::sort(row.takes.begin(), row.takes.end());
  }
}

}  // namespace

Result<std::vector<Row>> run_rounds(const Options& options, Scratch& scratch,
                                    const std::vector<Entry>& entries,
                                    const std::function<void(const std::string&)>& progress) {
  std::vector<Row> rows;
  for (const Entry& entry : entries) {
    rows.emplace_back();
    rows.back().entry = entry;
    rows.back().absent = entry.absent;
  }
  std::vector<Row*> order;
  for (Row& row : rows) order.push_back(&row);
  // The samples in the page cache and in a server's memory, and a log that is copied.
  Ballast ballast(3 * static_cast<std::uint64_t>(options.mebibytes) << 20);
  ballast.hold();
  for (int round = 0; round < options.rounds; ++round) {
    for (Row* row : order) {
      if (interrupted()) return fail(ErrorCode::kCancelled, "interrupted");
      if (!row->absent.empty()) continue;
      progress(fmt::format("round {} of {}: {}, {}, {} KiB", round + 1, options.rounds,
                           row->entry.system, row->entry.variant, row->entry.sample_bytes / 1024));
      Status done = measure(options, scratch, ballast, *row);
      if (!done && (done.error().code == ErrorCode::kNotFound ||
                    done.error().code == ErrorCode::kUnavailable)) {
        row->absent = done.error().message;
        continue;
      }
      TROUPE_TRY(std::move(done));
    }
    std::reverse(order.begin(), order.end());
  }
  compare(rows);
  return rows;
}

}  // namespace troupe::bench
