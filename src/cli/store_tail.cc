#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/executor.h"
#include "base/interrupt.h"
#include "cli/commands.h"
#include "cli/store.h"
#include "experience/inspect/follow.h"
#include "experience/inspect/record_text.h"

namespace troupe {
namespace {

constexpr Nanos kPause = kSecond / 10;

struct TailArguments {
  std::string run;
  bool from_start = false;
  bool json = false;
  double seconds = 0;
};

/// Prints a journal's records one after the other.
class Printer {
 public:
  Printer(std::vector<std::string> policies, bool json)
      : policies_(std::move(policies)), json_(json) {}

  Status show(const Frame& frame) {
    if (frame.type == kSnapshotBegin) {
      inside_ = true;
      begin_ = frame.lsn;
      records_ = 0;
      return {};
    }
    if (frame.type == kSnapshotEnd) {
      inside_ = false;
      journals_own(begin_, "snapshot",
                   fmt::format("{} records, {}", records_, bytes_text(frame.next - begin_)));
      return {};
    }
    if (frame.type == kMarkRecord || frame.type == kClosedRecord) {
      if (frame.type == kClosedRecord)
        journals_own(frame.lsn, "closed", "the run ended in good order");
      return {};
    }
    TROUPE_ASSIGN(const StoreRecord record, decode(frame));
    if (const auto* tables = std::get_if<TablesRecord>(&record)) policies_ = tables->policies;
    if (inside_) {  // it repeats what has been shown
      ++records_;
      return {};
    }
    if (json_) {
      fmt::print("{}\n", record_json(record, frame.lsn, policies_));
    } else {
      put(frame.lsn, record_name(record), record_text(record, policies_));
    }
    return {};
  }
  void missed(std::uint64_t bytes) const {
    fmt::print(stderr, "{} of the journal were removed before they could be shown\n",
               bytes_text(bytes));
  }

 private:
  static void put(Lsn lsn, const char* name, const std::string& text) {
    fmt::print("{:>12}  {:<8}  {}\n", lsn, name, text);
  }
  void journals_own(Lsn lsn, const char* name, const std::string& text) const {
    if (json_) {
      fmt::print("{{\"lsn\":{},\"record\":\"{}\"}}\n", lsn, name);
    } else {
      put(lsn, name, text);
    }
  }

  std::vector<std::string> policies_;
  bool json_;
  bool inside_ = false;  ///< a snapshot, which begins here:
  Lsn begin_ = 0;
  std::int64_t records_ = 0;
};

Async<Status> tail(Executor& executor, TailArguments arguments) {
  const auto disk = make_posix_disk();
  const auto folder = find_experience(*disk, arguments.run);
  if (!folder) co_return tl::unexpected(folder.error());
  const auto view = read_experience(*disk, folder->journal);
  if (!view) co_return tl::unexpected(view.error());
  const JournalScan& scan = (*view)->scan;
  Lsn from = scan.end;
  if (arguments.from_start && !scan.segments.empty()) from = scan.segments.front().first;
  Printer printer((*view)->state.heading().policies, arguments.json);
  JournalFollower follower(*disk, folder->journal, from);
  std::uint64_t missed = 0;
  const Nanos end = static_cast<Nanos>(arguments.seconds * kSecond);
  while (true) {
    const Status read =
        follower.read([&printer](const Frame& frame) { return printer.show(frame); });
    if (follower.missed() > missed) printer.missed(follower.missed() - missed);
    missed = follower.missed();
    std::fflush(stdout);
    if (!read) co_return read;
    if (interrupted() || (end > 0 && executor.now() >= end)) co_return Status();
    co_await sleep_for(executor, kPause);
  }
}

}  // namespace

void add_store_tail(CLI::App& store, int& exit_code) {
  auto a = std::make_shared<TailArguments>();
  CLI::App* command =
      store.add_subcommand("tail", "Follow it while the run goes on: a line for each record");
  add_run_argument(*command, a->run);
  command->add_flag("--from-start", a->from_start, "Begin with the oldest record that is there");
  command->add_flag("--json", a->json, "A line of JSON for each record, with all that it says");
  command->add_option("--seconds", a->seconds, "End after so long; default: on Ctrl-C")
      ->check(CLI::Range(0.001, 1e9));
  command->callback([a, &exit_code] {
    watch_interrupts();
    const auto executor = make_live_executor(1);
    const Status status = executor->run(tail(*executor, *a));
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
