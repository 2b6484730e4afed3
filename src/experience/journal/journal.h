#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/disk.h"
#include "base/executor.h"
#include "experience/journal/scan.h"

namespace troupe {

struct JournalOptions {
  std::string folder;
  std::uint64_t segment_bytes = 64U << 20;  ///< a segment is closed when it has grown so far
  std::uint64_t snapshot_segments = 8;   ///< at most so many between snapshots, if they are small
  std::uint64_t flush_bytes = 1U << 20;  ///< written at once when so much waits
  Nanos flush_interval = kSecond / 10;   ///< or when the oldest has waited so long
  Nanos first_retry = kSecond / 10;      ///< after a failed write; doubled up to last_retry
  Nanos last_retry = 5 * kSecond;
};

/// The writing end of an append-only journal in segments (docs/formats/journal.md).
///
/// append() never waits and never fails: frames gather in memory and are written and synced
/// together (group commit), one batch at a time, on a worker. When a write or sync fails the
/// segment is left as it is, never synced again, and everything that is not durable is written
/// again into a new one, until that succeeds; trouble() says why nothing moves meanwhile. What is
/// durable is a prefix of what was appended.
///
/// Lives on the strand. close() before it goes, or what was not yet written is lost, as in a crash.
class Journal {
 public:
  /// Goes on where `scan` ended, in a new segment.
  Journal(Executor& executor, Disk& disk, JournalOptions options, const JournalScan& scan);

  /// Appends a record; `encode` writes its payload. Gives the LSN of the payload.
  template <class Encode>
  Lsn append(std::uint8_t type, Encode&& encode) {
    const std::size_t at = begin_frame(pending_);
    ByteWriter writer(pending_);
    encode(writer);
    return finish(at, type);
  }

  /// Called on the strand where a new segment may begin with a snapshot: append()s the state
  /// between its two marks, which are the journal's business.
  void on_snapshot(std::function<void()> write) { write_snapshot_ = std::move(write); }

  /// Waits until everything appended so far is durable. kDeadline, kNoSpace or kIo: it is not, but
  /// may be later; nothing is lost.
  Async<Status> sync(Wait wait);
  /// Writes what is pending and a mark that says so, and ends. As sync().
  Async<Status> close(Wait wait);

  [[nodiscard]] Lsn end() const { return end_; }
  [[nodiscard]] Lsn durable() const { return durable_; }
  /// Bytes that were appended and are not durable.
  [[nodiscard]] std::uint64_t backlog() const { return end_ - durable_; }
  /// Why writing does not advance now; none if it does.
  [[nodiscard]] const std::optional<Error>& trouble() const { return trouble_; }
  /// Woken when something became durable, and when writing failed or recovered.
  Signal& changed() { return changed_; }

  /// Where bytes from `lsn` on can be read, once they are durable: the file and the offset.
  struct Place {
    std::string path;
    std::uint64_t offset = 0;
  };
  [[nodiscard]] Place place(Lsn lsn) const;

  /// By what was appended so far, nothing before `lsn` is needed any more, except what a snapshot
  /// repeats: when that is durable, segments that lie wholly before `lsn` and before the newest
  /// durable snapshot are removed, soon.
  void forget_before(Lsn lsn);

  [[nodiscard]] const std::vector<JournalSegment>& segments() const { return segments_; }
  [[nodiscard]] std::int64_t syncs() const { return syncs_; }

 private:
  struct Batch;
  Lsn finish(std::size_t at, std::uint8_t type);
  void mark(std::uint8_t type);
  [[nodiscard]] bool snapshot_due() const;
  Batch next_batch();
  Async<void> run();
  Async<bool> write(Batch batch);
  Async<void> remove_doomed();
  void remove_unneeded();
  void start();

  Executor& executor_;
  Disk& disk_;
  JournalOptions options_;
  std::function<void()> write_snapshot_;
  std::string spare_;    ///< an empty buffer that has been written and can be filled again
  std::string pending_;  ///< the frames behind those that are being written
  Lsn end_ = 0;
  Lsn durable_ = 0;
  std::vector<JournalSegment> segments_;  ///< what is durable; `end` of the last grows
  std::vector<std::string> spoiled_;
  std::uint64_t last_sequence_ = 0;
  std::unique_ptr<AppendFile> file_;  ///< of the last segment; null: begin a new one
  std::optional<Lsn> new_snapshot_;   ///< begins here and is not durable yet
  Lsn snapshot_ = 0;                  ///< where the newest durable one begins
  std::uint64_t snapshot_bytes_ = 0;
  Lsn needed_from_ = 0;
  /// What needed_from_ becomes when everything up to `at` is durable.
  struct Forgettable {
    Lsn needed_from = 0;
    Lsn at = 0;
  };
  std::deque<Forgettable> forgettable_;
  std::vector<std::string> doomed_;  ///< files to be removed
  bool running_ = false;
  std::optional<Async<void>> loop_;  ///< run(), while running_; goes with the journal
  int hurried_ = 0;                  ///< those who wait for a sync
  std::optional<Error> trouble_;
  std::int64_t syncs_ = 0;
  Signal changed_;
  Signal more_;
};

}  // namespace troupe
