#include <fmt/format.h>

#include "versions/tiers/store.h"

// Jobs get plain pointers to what they work on; the store, which `done` keeps alive, keeps that
// alive. So nothing that is counted is freed on an io thread.

namespace troupe {

std::shared_ptr<MemoryAndDisk::FileWork> MemoryAndDisk::queue_write(const std::string& key,
                                                                    Entry& entry, bool evicts) {
  auto work = std::make_shared<FileWork>();
  work->key = key;
  work->bytes = entry.host.get();
  work->version = entry.version;
  work->file_bytes = state_file_bytes(entry.size);
  work->evicts = evicts;
  entry.writing = work;
  lane_.push_back(work);
  next_file();
  return work;
}

std::shared_ptr<MemoryAndDisk::FileWork> MemoryAndDisk::queue_remove(const std::string& key) {
  auto work = std::make_shared<FileWork>();
  work->key = key;
  lane_.push_back(work);
  next_file();
  return work;
}

void MemoryAndDisk::next_file() {
  if (lane_busy_ || lane_.empty()) return;
  lane_busy_ = true;
  const auto work = lane_.front();
  if (work->bytes != nullptr) {
    write_file(work);
  } else {
    remove_file(work);
  }
}

void MemoryAndDisk::remove_file(const std::shared_ptr<FileWork>& work) {
  Job job;
  job.kind = "remove state";
  job.work = [&disk = disk_, &folder = folder_, work = work.get()] {
    work->result = remove_state(disk, folder, work->key);
  };
  job.done = [self = shared_from_this(), work] { self->file_done(work); };
  executor_.io(std::move(job));
}

/// Writes and digests beside each other, then closes the file.
void MemoryAndDisk::write_file(const std::shared_ptr<FileWork>& work) {
  const std::uint64_t others = figures_.disk_used - spare_file_;
  if (budgets_.disk != 0 && others + work->file_bytes > budgets_.disk) {
    work->result =
        fail(ErrorCode::kNoSpace,
             fmt::format("no room for {} bytes in {}: {} of the {} bytes that training states may "
                         "take there are in use",
                         work->file_bytes, folder_, others, budgets_.disk));
    work->file_bytes = 0;
    executor_.post([self = shared_from_this(), work] { self->file_done(work); });
    return;
  }
  const auto older = files_.find(work->key);
  StateFile file;
  file.key = work->key;
  file.version = work->version;
  work->writer.emplace(disk_, folder_, file, older == files_.end() ? 0 : older->second.version,
                       spare_file_ != 0, *work->bytes);
  figures_.disk_used = others + work->file_bytes;
  spare_file_ = 0;
  work->parts = 2;
  const auto ended = [self = shared_from_this(), work] {
    if (--work->parts > 0) return;
    Job close;
    close.kind = "sync state";
    close.work = [work = work.get()] { work->result = work->writer->finish(); };
    close.done = [self, work] { self->file_done(work); };
    self->executor_.io(std::move(close));
  };
  Job write;
  write.kind = "write state";
  write.work = [writer = &*work->writer] { writer->write(); };
  write.done = ended;
  Job digest;
  digest.kind = "digest state";
  digest.work = [writer = &*work->writer] { writer->digest(); };
  digest.done = ended;
  executor_.io(std::move(write));
  executor_.io(std::move(digest));
}

void MemoryAndDisk::file_done(const std::shared_ptr<FileWork>& work) {
  lane_busy_ = false;
  lane_.pop_front();
  work->done = true;
  const auto found = entries_.find(work->key);
  Entry* entry = found == entries_.end() ? nullptr : &found->second;
  if (work->result) {
    File& file = files_[work->key];
    if (work->bytes != nullptr) {
      if (work->writer->left_spare()) {
        spare_file_ = file.bytes;
      } else {
        figures_.disk_used -= file.bytes;
      }
      file = {work->version, work->file_bytes};
      figures_.written_bytes += work->bytes->size();
    } else {
      figures_.disk_used -= file.bytes;
      files_.erase(work->key);
    }
    if (entry != nullptr) entry->on_disk = work->version;
  } else {
    figures_.disk_used -= work->file_bytes;
    if (work->evicts) fail_demands(work->result.error());
  }
  if (entry != nullptr && entry->writing == work) {
    entry->writing.reset();
    // An eviction is left to balance(): the room may have been found elsewhere meanwhile.
    if (work->result && !work->evicts && !wanted_.contains(work->key)) {
      let_go(std::move(entry->host));
    }
  }
  work->superseded.reset();
  next_file();
  balance();
}

void MemoryAndDisk::read(const std::string& key, Entry& entry, bool prefetch) {
  entry.prefetch = false;
  Pages spare = spare_pages(entry.size);
  charge(entry.size);
  auto bytes = new_bytes(std::move(spare), entry.size);
  if (!bytes) {
    if (!prefetch) entry.failed = bytes.error();
    return;
  }
  auto reading = std::make_shared<Reading>();
  reading->key = key;
  reading->version = entry.on_disk;
  reading->bytes = std::move(*bytes);
  reading->prefetch = prefetch;
  entry.reading = reading;
  readings_.insert(reading);
  Job job;
  job.kind = "read state";
  job.work = [&disk = disk_, &folder = folder_, reading = reading.get()] {
    StateFile file;
    file.key = reading->key;
    file.version = reading->version;
    reading->result = read_state(disk, folder, file, reading->bytes);
  };
  job.done = [self = shared_from_this(), reading] { self->read_done(reading); };
  executor_.io(std::move(job));
}

void MemoryAndDisk::read_done(const std::shared_ptr<Reading>& reading) {
  readings_.erase(reading);
  StateBytes bytes = std::move(reading->bytes);
  const auto found = entries_.find(reading->key);
  if (found != entries_.end() && found->second.reading == reading) {
    Entry& entry = found->second;
    entry.reading.reset();
    if (reading->result) {
      figures_.read_bytes += bytes.size();
      if (reading->prefetch) ++figures_.prefetches;
      entry.host = std::make_unique<StateBytes>(std::move(bytes));
      entry.last_use = ++uses_;
    } else if (wanted_.contains(reading->key)) {
      entry.failed = reading->result.error();
    }
  }
  bytes = StateBytes();
  balance();
}

}  // namespace troupe
