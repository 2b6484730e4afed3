#include "experience/inspect/replay_check.h"

#include <fmt/format.h>

namespace troupe {
namespace {

/// A snapshot's record as it can be compared. Bytes in memory are no part of the state: what has
/// been spilled counts none.
std::pair<std::uint8_t, std::string> comparable(StoreRecord record) {
  if (auto* state = std::get_if<StateRecord>(&record)) state->bytes = 0;
  std::string payload;
  ByteWriter out(payload);
  encode(out, record);
  return {record_type(record), std::move(payload)};
}

}  // namespace

void ReplayCheck::interrupt() {
  state_.reset();
  restoring_ = comparing_ = false;
  expected_.clear();
}

void ReplayCheck::expect() {
  comparing_ = true;
  next_ = 0;
  expected_.clear();
  state_->snapshot(
      [this](StoreRecord record) { expected_.push_back(comparable(std::move(record))); });
}

Status ReplayCheck::compare(const Frame& frame) {
  TROUPE_ASSIGN(StoreRecord record, decode(frame));
  const char* name = record_name(record);
  if (next_ < expected_.size() && expected_[next_] == comparable(std::move(record))) {
    ++next_;
    return {};
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("record {} ({}) of a snapshot is not what the records before it lead to",
                          next_, name));
}

Status ReplayCheck::see(const Frame& frame) {
  if (frame.type == kMarkRecord || frame.type == kClosedRecord) return {};
  Status status;
  if (frame.type == kSnapshotBegin && state_) {
    expect();
  } else if (frame.type == kSnapshotEnd && comparing_) {
    comparing_ = false;
    if (next_ != expected_.size()) {
      status = fail(ErrorCode::kInvalid,
                    fmt::format("a snapshot has {} records, but the records before it lead to {}",
                                next_, expected_.size()));
    }
    expected_.clear();
  } else if (comparing_) {
    status = compare(frame);
  } else if (state_ || frame.type == kSnapshotBegin) {
    if (!state_) begin();
    if (frame.type == kSnapshotBegin) restoring_ = true;
    if (frame.type == kSnapshotEnd) restoring_ = false;
    status = state_->replay(frame);
  }
  if (!status) interrupt();
  return status;
}

}  // namespace troupe
