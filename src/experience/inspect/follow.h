#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/disk.h"
#include "experience/journal/scan.h"

namespace troupe {

/// Reads a journal while another process writes it: what has become whole since the last call.
///
/// Needs no lock. What it has handed out stays as it is, also when the writer gives a segment up or
/// is restarted, with two exceptions: a snapshot that was not finished, so that snapshots are
/// handed out only whole, and marks at the very end, which a restart may write over: then reading
/// goes back to where they were. Not thread-safe.
class JournalFollower {
 public:
  JournalFollower(Disk& disk, std::string folder, Lsn from)
      : disk_(disk), folder_(std::move(folder)), at_(from) {}

  /// Hands each whole frame that is there to `visit` and goes behind it. kInvalid: bytes that
  /// cannot be a write in flight are damaged. An error of `visit` ends it, too. Blocks.
  Status read(const std::function<Status(const Frame&)>& visit);

  /// Of the next frame.
  [[nodiscard]] Lsn at() const { return at_; }
  /// Bytes that the writer removed before they were read.
  [[nodiscard]] std::uint64_t missed() const { return missed_; }

 private:
  Status read_segment(const JournalSegment& segment, bool last,
                      const std::function<Status(const Frame&)>& visit);

  Disk& disk_;
  std::string folder_;
  Lsn at_;
  Lsn marks_ = 0;               ///< where the marks before at_ begin, if there are any
  std::uint64_t sequence_ = 0;  ///< of the newest segment that was read
  std::uint64_t missed_ = 0;
};

}  // namespace troupe
