#include "experience/inspect/verify.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/executor.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/store.h"

namespace troupe {
namespace {

void print_report(const std::string& folder, const JournalVerification& seen) {
  std::uint64_t bytes = 0;
  for (const JournalSegment& segment : seen.segments) bytes += segment.file_bytes;
  fmt::print("{}: {}, {}, {}\n", folder,
             counted(static_cast<std::int64_t>(seen.segments.size()), "segment"),
             counted(seen.frames, "frame"), bytes_text(bytes));
  for (const JournalSegment& segment : seen.segments) {
    fmt::print("  {}  {:>10}  LSN {} to {}{}\n", file_name(segment.path),
               bytes_text(segment.file_bytes), segment.first, segment.end,
               segment.snapshot ? ", begins with a snapshot" : "");
  }
  fmt::print("records:");
  const char* between = " ";
  for (const auto& [name, count] : seen.records) {
    fmt::print("{}{} {}", between, name, count);
    between = ", ";
  }
  fmt::print("\nresponses read: {}\n", seen.responses);
  fmt::print("ends at LSN {}; had been synced for sure up to LSN {}\n", seen.end, seen.durable);
}

void print_findings(const JournalVerification& seen) {
  for (const JournalFinding& found : seen.findings) {
    if (found.kind == JournalFinding::Kind::kTornEnd) {
      fmt::print("{}\n", torn_end_text(found.path, found.offset, found.bytes));
    } else {
      fmt::print("{}: bytes {} to {} (LSN {}): {}\n", found.path, found.offset,
                 found.offset + found.bytes, found.lsn, found.what);
    }
  }
  for (const std::string& path : seen.spoiled) {
    fmt::print("{}: left behind by a crash, and not needed: `troupe store repair` removes it\n",
               path);
  }
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < seen.lost.size() && i < kShown; ++i) {
    fmt::print("{}\n", seen.lost[i]);
  }
  if (seen.lost.size() > kShown) fmt::print("and {} more\n", seen.lost.size() - kShown);
}

/// What the program ends with: nothing, or why the journal is not whole.
Status verdict(const std::string& folder, const JournalVerification& seen) {
  if (seen.whole()) {
    fmt::print("{}\n", seen.closed
                           ? "whole, and closed in good order"
                           : "whole, without a closing mark: a run is writing it, or was killed");
    return {};
  }
  bool damaged = !seen.lost.empty();
  for (const JournalFinding& found : seen.findings) {
    damaged = damaged || found.kind != JournalFinding::Kind::kTornEnd;
  }
  if (!damaged) {
    return fail(ErrorCode::kInvalid, folder +
                                         ": not whole at its end; nothing that had been "
                                         "promised is missing");
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: damaged where it had been synced. Look at the disk. {}", folder,
                          seen.replayed && seen.lost.empty()
                              ? "A run can go on: it needs nothing of what is damaged"
                              : "Move the folder away: the run continues from its last checkpoint "
                                "and plays again what is missing"));
}

Async<Status> verify(Executor& executor, std::string run) {
  const auto disk = make_posix_disk();
  const auto folder = find_experience(*disk, run);
  if (!folder) co_return tl::unexpected(folder.error());
  Result<JournalVerification> seen;
  {
    Bar bar(executor);
    seen = verify_journal(*disk, folder->journal, [&bar](std::uint64_t done, std::uint64_t total) {
      bar.draw(done, total);
    });
  }
  if (!seen) co_return tl::unexpected(seen.error());
  print_report(folder->journal, *seen);
  print_findings(*seen);
  std::fflush(stdout);
  co_return verdict(folder->journal, *seen);
}

}  // namespace

void add_store_verify(CLI::App& store, int& exit_code) {
  auto run = std::make_shared<std::string>();
  CLI::App* command =
      store.add_subcommand("verify", "Read all of it: every checksum, record and response");
  add_run_argument(*command, *run);
  command->footer("Exit code 0: whole. 2: damaged, or not whole at its end.");
  command->callback([run, &exit_code] {
    const auto executor = make_live_executor(1);
    const Status status = executor->run(verify(*executor, *run));
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
