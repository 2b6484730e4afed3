#include "experience/journal/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

/// Frames on their way to the disk: those before `cut` go to the current segment, those behind it
/// begin a new one.
struct Journal::Batch {
  std::string bytes;
  Lsn first = 0;
  Lsn cut = 0;
};

namespace {

/// The worker's side of writing a batch. Touches nothing of the journal's.
struct Writing {
  Writing(Disk& disk_in, const std::string& folder_in) : disk(disk_in), folder(folder_in) {}

  Disk& disk;
  const std::string& folder;
  std::unique_ptr<AppendFile> file;
  std::vector<std::string> spoiled;
  std::uint64_t sequence = 0;
  std::vector<JournalSegment> made;
  Lsn durable = 0;
  Status status;
  std::int64_t syncs = 0;

  Status begin(Lsn first, bool snapshot) {
    TROUPE_TRY(disk.make_folders(folder));
    for (const std::string& path : spoiled) TROUPE_TRY(disk.remove(path));
    spoiled.clear();
    JournalSegment segment;
    segment.sequence = ++sequence;
    segment.first = segment.end = first;
    segment.snapshot = snapshot;
    segment.path = segment_path(folder, segment.sequence);
    spoiled.push_back(segment.path);  // until it is whole
    TROUPE_ASSIGN(file, disk.create(segment.path));
    TROUPE_TRY(file->append(encode_segment_header(segment)));
    TROUPE_TRY(file->sync());
    TROUPE_TRY(disk.sync_folder(folder));
    spoiled.clear();
    made.push_back(std::move(segment));
    return {};
  }
  Status append(std::string_view bytes) {
    TROUPE_TRY(file->append(bytes));
    TROUPE_TRY(file->sync());
    ++syncs;
    durable += bytes.size();
    return {};
  }
};

}  // namespace

Journal::Journal(Executor& executor, Disk& disk, JournalOptions options, const JournalScan& scan)
    : executor_(executor),
      disk_(disk),
      options_(std::move(options)),
      end_(scan.end),
      durable_(scan.end),
      segments_(scan.segments),
      spoiled_(scan.spoiled),
      last_sequence_(scan.last_sequence),
      changed_(executor),
      more_(executor) {
  // What lies behind the end is what a crash let through; the next segment takes over from there.
  for (JournalSegment& segment : segments_) segment.end = std::min(segment.end, end_);
  if (!segments_.empty()) snapshot_ = segments_[scan.start].first;
}

Lsn Journal::finish(std::size_t at, std::uint8_t type) {
  const Lsn lsn = end_;
  end_frame(pending_, at, lsn, type);
  end_ += pending_.size() - at;
  if (!running_) {
    start();
  } else if (pending_.size() >= options_.flush_bytes) {
    more_.notify_all();
  }
  return lsn + kFrameHeader;
}

void Journal::mark(std::uint8_t type) {
  append(type, [this](ByteWriter& out) { out.number(durable_); });
}

bool Journal::snapshot_due() const {
  // It is worth its bytes where it lets segments go; otherwise it only shortens the way to read at
  // the next start.
  const bool releases = needed_from_ >= segments_.front().first + options_.segment_bytes;
  const std::uint64_t least = options_.segment_bytes * (releases ? 1 : options_.snapshot_segments);
  return write_snapshot_ && end_ - snapshot_ >= std::max(least, 2 * snapshot_bytes_);
}

/// What is pending, closed by a mark; with a snapshot behind it where one is due.
Journal::Batch Journal::next_batch() {
  mark(kMarkRecord);
  Batch batch;
  batch.first = end_ - pending_.size();
  const bool full =
      file_ != nullptr && segments_.back().end - segments_.back().first >= options_.segment_bytes;
  if (full && !new_snapshot_ && snapshot_due()) {
    new_snapshot_ = end_;
    append(kSnapshotBegin, [](ByteWriter&) {});
    write_snapshot_();
    append(kSnapshotEnd, [](ByteWriter&) {});
    snapshot_bytes_ = end_ - *new_snapshot_;
    batch.cut = *new_snapshot_;
  } else {
    batch.cut = full || file_ == nullptr ? batch.first : end_;
  }
  batch.bytes = std::exchange(pending_, std::move(spare_));
  return batch;
}

void Journal::start() {
  running_ = true;
  loop_.emplace(run());
  loop_->start();
}

Async<void> Journal::run() {
  Nanos retry = options_.first_retry;
  // Not from within append(): a snapshot must have what its caller is about to apply.
  co_await sleep_for(executor_, 0);
  while (durable_ < end_ || !doomed_.empty()) {
    if (!doomed_.empty()) co_await remove_doomed();
    if (durable_ == end_) continue;
    if (hurried_ == 0 && pending_.size() < options_.flush_bytes) {
      const bool full = co_await more_.wait(Wait(options_.flush_interval, "more to write"));
      (void)full;  // or it has waited long enough
    }
    const bool written = co_await write(next_batch());
    if (written) {
      retry = options_.first_retry;
      continue;
    }
    co_await sleep_for(executor_, retry);
    retry = std::min(2 * retry, options_.last_retry);
  }
  running_ = false;
}

Async<bool> Journal::write(Batch batch) {
  Writing work(disk_, options_.folder);
  work.file = std::move(file_);
  work.spoiled = std::move(spoiled_);
  work.sequence = last_sequence_;
  work.durable = durable_;
  const std::string_view bytes = batch.bytes;
  const std::string_view before = bytes.substr(0, batch.cut - batch.first);
  const std::string_view behind = bytes.substr(before.size());
  const bool snapshot = new_snapshot_ && *new_snapshot_ == batch.cut;
  const Lsn cut = batch.cut;
  co_await on_worker(executor_, "journal", 0, [&work, before, behind, cut, snapshot] {
    if (!before.empty()) work.status = work.append(before);
    if (work.status && !behind.empty()) work.status = work.begin(cut, snapshot);
    if (work.status && !behind.empty()) work.status = work.append(behind);
  });
  syncs_ += work.syncs;
  last_sequence_ = work.sequence;
  spoiled_ = std::move(work.spoiled);
  durable_ = work.durable;
  if (!segments_.empty()) segments_.back().end = std::min(durable_, cut);
  for (JournalSegment& segment : work.made) {
    segments_.push_back(std::move(segment));
    segments_.back().end = durable_;
  }
  if (work.status) {
    file_ = std::move(work.file);
    trouble_.reset();
    if (batch.bytes.capacity() <= 8 * options_.flush_bytes) spare_ = std::move(batch.bytes);
    spare_.clear();
  } else {
    trouble_ = work.status.error();
    pending_.insert(0, batch.bytes, durable_ - batch.first);
  }
  if (new_snapshot_ && durable_ > *new_snapshot_) {
    const auto begins = [this](const JournalSegment& s) {
      return s.snapshot && s.first == *new_snapshot_;
    };
    if (std::any_of(segments_.begin(), segments_.end(), begins)) snapshot_ = *new_snapshot_;
    new_snapshot_.reset();
  }
  remove_unneeded();
  changed_.notify_all();
  co_return work.status.has_value();
}

Async<Status> Journal::sync(Wait wait) {
  const Lsn target = end_;
  const Nanos deadline = executor_.now() + wait.limit;
  ++hurried_;
  more_.notify_all();
  while (durable_ < target) {
    const Nanos left = std::max<Nanos>(0, deadline - executor_.now());
    const bool moved = co_await changed_.wait(Wait(left, wait.reason));
    if (moved) continue;
    --hurried_;
    if (trouble_) co_return within("waited for " + wait.reason, *trouble_);
    co_return fail(ErrorCode::kDeadline,
                   fmt::format("{}: waited {:.0f} s for {}", options_.folder,
                               static_cast<double>(wait.limit) / kSecond, wait.reason));
  }
  --hurried_;
  co_return Status();
}

Async<Status> Journal::close(Wait wait) {
  Status synced = co_await sync(wait);
  if (!synced) co_return synced;
  mark(kClosedRecord);
  synced = co_await sync(wait);
  co_return synced;
}

Journal::Place Journal::place(Lsn lsn) const {
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    if (segment->first <= lsn) return {segment->path, segment->offset(lsn)};
  }
  return {};
}

void Journal::forget_before(Lsn lsn) {
  forgettable_.push_back({lsn, end_});
  remove_unneeded();
}

void Journal::remove_unneeded() {
  while (!forgettable_.empty() && forgettable_.front().at <= durable_) {
    needed_from_ = std::max(needed_from_, forgettable_.front().needed_from);
    forgettable_.pop_front();
  }
  while (segments_.size() > 1 && segments_.front().first < snapshot_ &&
         segments_.front().end <= std::min(needed_from_, snapshot_)) {
    doomed_.push_back(segments_.front().path);
    segments_.erase(segments_.begin());
  }
  if (!doomed_.empty() && !running_) start();
}

Async<void> Journal::remove_doomed() {
  // Oldest first, so that what a crash leaves is a journal whose beginning is gone. One that cannot
  // be removed is only in the way.
  const std::vector<std::string> paths = std::exchange(doomed_, {});
  co_await on_worker(executor_, "journal", 0, [this, &paths] {
    for (const std::string& path : paths) {
      if (!disk_.remove(path)) return;
    }
  });
}

}  // namespace troupe
