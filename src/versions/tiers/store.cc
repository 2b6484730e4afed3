#include "versions/tiers/store.h"

#include <fmt/format.h>

namespace troupe {
namespace {

Nanos deadline_of(const Executor& executor, const Wait& wait) {
  const Nanos now = executor.now();
  return wait.limit > INT64_MAX - now ? INT64_MAX : now + wait.limit;
}

tl::unexpected<Error> late(const Wait& wait, const std::string& what) {
  return fail(ErrorCode::kDeadline,
              fmt::format("waited {:.1f} s for {}: {}", static_cast<double>(wait.limit) / kSecond,
                          wait.reason, what));
}

}  // namespace

/// A get() that waits for a key: meanwhile it does not leave memory.
class MemoryAndDisk::Wanted {
 public:
  Wanted(MemoryAndDisk& store, std::string key) : store_(store), key_(std::move(key)) {
    ++store_.wanted_[key_];
  }
  Wanted(const Wanted&) = delete;
  Wanted& operator=(const Wanted&) = delete;
  ~Wanted() {
    const auto count = store_.wanted_.find(key_);
    if (--count->second > 0) return;
    store_.wanted_.erase(count);
    const auto entry = store_.entries_.find(key_);
    if (entry == store_.entries_.end()) return;
    entry->second.failed.reset();
    store_.withdraw(entry->second);
    store_.changed();  // it may leave again
  }

 private:
  MemoryAndDisk& store_;
  std::string key_;
};

MemoryAndDisk::MemoryAndDisk(Executor& executor, Disk& disk, std::string folder,
                             TierBudgets budgets)
    : executor_(executor),
      disk_(disk),
      folder_(std::move(folder)),
      budgets_(budgets),
      changed_(executor) {}

Status MemoryAndDisk::open(Leftovers leftovers) {
  if (leftovers == Leftovers::kForget) TROUPE_TRY(disk_.remove(folder_));
  TROUPE_ASSIGN(const std::vector<StateFile> found, open_state_folder(disk_, folder_));
  for (const StateFile& file : found) {
    Entry& entry = entries_[file.key];
    entry.size = file.size;
    entry.version = entry.on_disk = file.version;
    versions_ = std::max(versions_, file.version);
    files_[file.key] = {file.version, state_file_bytes(file.size)};
    figures_.disk_used += state_file_bytes(file.size);
  }
  return {};
}

std::string MemoryAndDisk::memory_text() const {
  return fmt::format("host memory has {} of {} bytes in use", usage_->used.load(), budgets_.host);
}

Status MemoryAndDisk::fits(std::uint64_t size) const {
  if (size <= budgets_.host) return {};
  return fail(
      ErrorCode::kExhausted,
      fmt::format("a training state of {} bytes does not fit the budget of {} bytes of host "
                  "memory; raise it",
                  size, budgets_.host));
}

Async<Status> MemoryAndDisk::room(std::shared_ptr<Demand> demand, Wait wait) {
  Status possible = fits(demand->size);
  if (!possible) co_return possible;
  const Nanos deadline = deadline_of(executor_, wait);
  demands_.push_back(demand);
  balance();
  while (!demand->granted && !demand->error) {
    const Wait left(deadline - executor_.now(), wait.reason);
    if (left.limit <= 0) {
      std::erase(demands_, demand);
      changed();
      co_return late(wait, fmt::format("no room for {} bytes, {}", demand->size, memory_text()));
    }
    const bool notified = co_await changed_.wait(left);
    (void)notified;
  }
  if (demand->error) co_return tl::unexpected(*demand->error);
  co_return Status();
}

Async<Result<StateBytes>> MemoryAndDisk::allocate(std::uint64_t size, Wait wait) {
  if (size == 0) co_return fail(ErrorCode::kInvalid, "a training state of no bytes");
  auto demand = std::make_shared<Demand>();
  demand->size = size;
  const Status granted = co_await room(demand, wait);
  if (!granted) co_return tl::unexpected(granted.error());
  co_return new_bytes(Pages(), size);
}

Async<Status> MemoryAndDisk::set(std::string key, StateBytes bytes, Place place, Wait wait) {
  const Status valid = check_state_key(key);
  if (!valid) co_return valid;
  if (bytes.empty()) {
    co_return fail(ErrorCode::kInvalid, fmt::format("the training state '{}' has no bytes", key));
  }
  const Nanos deadline = deadline_of(executor_, wait);
  if (bytes.owner() != usage_.get()) {
    auto demand = std::make_shared<Demand>();
    demand->size = bytes.size();
    const Status granted = co_await room(demand, wait);
    if (!granted) co_return granted;
    bytes.count_against(giver_back(bytes.size()), usage_.get());
  }
  put(key, std::move(bytes));
  if (place == Place::kHost) co_return Status();
  const auto work = queue_write(key, entries_[key], false);
  while (!work->done) {
    const Wait left(deadline - executor_.now(), wait.reason);
    if (left.limit <= 0) co_return late(wait, fmt::format("'{}' is not on disk yet", key));
    const bool notified = co_await changed_.wait(left);
    (void)notified;
  }
  co_return work->result;
}

/// The key's value is now this one, in memory only.
void MemoryAndDisk::put(const std::string& key, StateBytes bytes) {
  Entry& entry = entries_[key];
  if (entry.writing) entry.writing->superseded = std::move(entry.host);
  withdraw(entry);
  const std::uint64_t on_disk = entry.on_disk;
  entry = Entry();
  entry.on_disk = on_disk;
  entry.size = bytes.size();
  entry.host = std::make_unique<StateBytes>(std::move(bytes));
  entry.version = ++versions_;
  entry.last_use = ++uses_;
  changed();
}

StateBytes MemoryAndDisk::take(const std::string& key, Entry& entry) {
  StateBytes out = std::move(*entry.host);
  entry.host.reset();
  entry.taken = true;
  entry.prefetch = false;
  entry.failed.reset();
  needed_.erase(key);
  changed();
  return out;
}

void MemoryAndDisk::withdraw(Entry& entry) {
  if (!entry.demand) return;
  std::erase(demands_, entry.demand);
  entry.demand.reset();
}

Async<Result<StateBytes>> MemoryAndDisk::get(std::string key, Wait wait) {
  const Nanos deadline = deadline_of(executor_, wait);
  const Wanted wanted(*this, key);
  for (;;) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      co_return fail(ErrorCode::kNotFound, fmt::format("there is no training state '{}'", key));
    }
    Entry& entry = found->second;
    if (entry.taken) {
      co_return fail(ErrorCode::kNotFound, fmt::format("the training state '{}' is taken", key));
    }
    if (entry.host && !entry.writing) co_return take(key, entry);
    if (entry.failed) co_return tl::unexpected(*entry.failed);
    if (!entry.host && !entry.reading && !entry.demand) {
      Status possible = fits(entry.size);
      if (!possible) co_return tl::unexpected(std::move(possible.error()));
      entry.demand = std::make_shared<Demand>();
      entry.demand->size = entry.size;
      entry.demand->key = key;
      demands_.push_back(entry.demand);
      balance();
    }
    const Wait left(deadline - executor_.now(), wait.reason);
    if (left.limit <= 0) {
      co_return late(wait, entry.demand ? fmt::format("no room for the {} bytes of '{}', {}",
                                                      entry.size, key, memory_text())
                                        : fmt::format("the disk is not done with '{}'", key));
    }
    const bool notified = co_await changed_.wait(left);
    (void)notified;
  }
}

void MemoryAndDisk::prefetch(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.host || found->second.taken) return;
  found->second.prefetch = true;
  changed();
}

void MemoryAndDisk::needed_at(const std::string& key, Nanos when) {
  needed_[key] = when;
  changed();
}

Async<Status> MemoryAndDisk::remove(std::string key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) co_return Status();
  if (found->second.writing) found->second.writing->superseded = std::move(found->second.host);
  withdraw(found->second);
  entries_.erase(found);
  needed_.erase(key);
  changed();
  const auto work = queue_remove(key);
  while (!work->done) {  // file work ends, well or not
    const Wait wait(INT64_MAX, "remove training state");
    const bool notified = co_await changed_.wait(wait);
    (void)notified;
  }
  co_return work->result;
}

Result<Place> MemoryAndDisk::place(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.taken) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no training state '{}'", key));
  }
  return found->second.host ? Place::kHost : Place::kDisk;
}

std::vector<std::string> MemoryAndDisk::keys() const {
  std::vector<std::string> out;
  out.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) out.push_back(key);
  return out;
}

TierFigures MemoryAndDisk::figures() const {
  TierFigures out = figures_;
  out.host_used = usage_->used.load();
  out.host_peak = usage_->peak;
  return out;
}

Result<std::shared_ptr<TierStore>> open_tier_store(Executor& executor, Disk& disk,
                                                   std::string folder, TierBudgets budgets,
                                                   Leftovers leftovers) {
  auto store = std::make_shared<MemoryAndDisk>(executor, disk, std::move(folder), budgets);
  TROUPE_TRY(store->open(leftovers));
  return store;
}

}  // namespace troupe
