#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/disk_simulated.h"
#include "experience/journal/journal.h"

// For the tests of the journal: one whose records are small texts.

namespace troupe {

constexpr std::uint8_t kText = kFirstStoreRecord;
inline const char* const kJournalFolder = "/run/journal";

/// The texts of a journal, in order, those of snapshots in front of what they repeat; and the scan.
struct JournalTexts {
  std::vector<std::string> texts;
  Result<JournalScan> scan;
};
inline JournalTexts read_texts(Disk& disk, ScanFrom from = ScanFrom::kFirstSegment) {
  std::vector<std::string> texts;
  auto scan = scan_journal(disk, kJournalFolder, from, [&texts](const Frame& frame) -> Status {
    if (frame.type == kText) texts.emplace_back(frame.payload);
    return {};
  });
  return {std::move(texts), std::move(scan)};
}

/// A journal on a virtual executor of its own. Its snapshot is one text, "so far: N", where N
/// counts the texts before it.
class TextJournal {
 public:
  explicit TextJournal(Disk& disk, std::uint64_t segment_bytes = 64U << 20, bool snapshots = false)
      : executor_(make_virtual_executor({})) {
    JournalOptions options;
    options.snapshot_segments = 1;
    options.folder = kJournalFolder;
    options.segment_bytes = segment_bytes;
    JournalTexts found = read_texts(disk, ScanFrom::kNewestSnapshot);
    if (!found.scan) {
      error = found.scan.error().message;
      return;
    }
    const Status usable = check_damage(*found.scan);
    const Status settled = usable ? settle_journal(disk, *found.scan) : usable;
    if (!settled) {
      error = settled.error().message;
      return;
    }
    journal_ = std::make_unique<Journal>(*executor_, disk, options, *found.scan);
    if (!snapshots) return;
    journal_->on_snapshot([this] {
      write(fmt::format("so far: {}", count_));
      journal_->forget_before(journal_->end());
    });
  }

  /// Why it could not be opened; empty: it could.
  std::string error;

  Journal& operator*() { return *journal_; }
  Journal* operator->() { return journal_.get(); }
  Executor& executor() { return *executor_; }

  Lsn write(const std::string& text) {
    return journal_->append(kText, [&text](ByteWriter& out) { out.raw(text.data(), text.size()); });
  }
  /// Writes "FROM", ..., "TO - 1", and syncs after each `every`.
  Status fill(int from, int to, int every = 1) { return executor_->run(fill_all(from, to, every)); }
  Status sync(Nanos limit = 60 * kSecond) { return executor_->run(sync_once(limit)); }
  Status close() { return executor_->run(close_it()); }
  void sleep(Nanos duration) { (void)executor_->run(sleep_it(duration)); }

 private:
  Async<Status> fill_all(int from, int to, int every) {
    Status status;
    for (int i = from; i < to && status; ++i) {
      write(fmt::format("{}", i));
      ++count_;
      if ((i + 1) % every == 0) status = co_await journal_->sync(Wait(60 * kSecond, "the test"));
    }
    co_return status;
  }
  Async<Status> sync_once(Nanos limit) {
    const Status status = co_await journal_->sync(Wait(limit, "the test"));
    co_return status;
  }
  Async<Status> close_it() {
    const Status status = co_await journal_->close(Wait(60 * kSecond, "the test"));
    co_return status;
  }
  Async<Status> sleep_it(Nanos duration) {
    co_await sleep_for(*executor_, duration);
    co_return Status();
  }

  std::unique_ptr<Executor> executor_;
  std::unique_ptr<Journal> journal_;
  int count_ = 0;
};

/// "FROM", ..., "TO - 1".
inline std::vector<std::string> numbers(int from, int to) {
  std::vector<std::string> out;
  for (int i = from; i < to; ++i) out.push_back(fmt::format("{}", i));
  return out;
}

}  // namespace troupe
