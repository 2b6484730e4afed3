#include <fmt/format.h>

#include <new>

#include "versions/tiers/store.h"

namespace troupe {

/// Soon, on the strand: whoever changed something is in the middle of it.
void MemoryAndDisk::changed() {
  if (balance_posted_) return;
  balance_posted_ = true;
  executor_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->balance_posted_ = false;
      self->balance();
    }
  });
}

void MemoryAndDisk::balance() {
  while (balance_once()) {
  }
  changed_.notify_all();
}

/// True: something has left or has been refused at once, so there may be more to do.
bool MemoryAndDisk::balance_once() {
  RoomView view;
  view.budget = budgets_.host;
  view.used = usage_->used.load();
  std::vector<Entries::value_type*> residents;
  std::vector<Entries::value_type*> prefetches;
  for (auto& one : entries_) {
    Entry& entry = one.second;
    const bool wanted = wanted_.contains(one.first);
    const auto hint = needed_.find(one.first);
    const Nanos needed = hint == needed_.end() ? kNeverNeeded : hint->second;
    if (entry.host && entry.writing) {
      if (!wanted) view.leaving += entry.size;
    } else if (entry.host && !wanted) {
      residents.push_back(&one);
      view.residents.push_back({entry.size, needed, entry.last_use});
    } else if (entry.prefetch && !entry.host && !entry.reading && !entry.demand) {
      prefetches.push_back(&one);
      view.prefetches.push_back({entry.size, needed});
    }
  }
  for (const auto& work : lane_) {
    if (work->superseded) view.leaving += work->superseded->size();
  }
  for (const auto& reading : readings_) {
    const auto entry = entries_.find(reading->key);
    const bool waited = entry != entries_.end() && entry->second.reading == reading;
    if (!waited) view.leaving += reading->bytes.size();
  }
  for (const auto& demand : demands_) view.demands.push_back(demand->size);

  const RoomPlan plan = plan_room(view);
  std::vector<std::shared_ptr<Demand>> granted;
  for (const std::size_t i : plan.grants) granted.push_back(demands_[i]);
  for (const auto& demand : granted) grant(demand);
  for (const std::size_t i : plan.prefetches) {
    read(prefetches[i]->first, prefetches[i]->second, true);
  }
  bool again = false;
  for (const std::size_t i : plan.evictions) {
    again = evict(residents[i]->first, residents[i]->second) || again;
  }
  return again;
}

void MemoryAndDisk::charge(std::uint64_t size) {
  const std::uint64_t used = usage_->used += size;
  usage_->peak = std::max(usage_->peak, used);
  trim_spare();
}

void MemoryAndDisk::trim_spare() {
  while (!spare_.empty() && usage_->used + spare_bytes_ > budgets_.host) {
    spare_bytes_ -= spare_.front().bytes().size();
    spare_.pop_front();
  }
}

/// A state leaves memory; its pages may stay.
void MemoryAndDisk::let_go(std::unique_ptr<StateBytes> bytes) {
  spare_.push_back(bytes->release());
  spare_bytes_ += spare_.back().bytes().size();
  trim_spare();
}

/// Memory for a state that will be overwritten whole; empty if there is none that fits.
Pages MemoryAndDisk::spare_pages(std::uint64_t size) {
  for (auto one = spare_.begin(); one != spare_.end(); ++one) {
    if (one->bytes().size() != Pages::whole(size)) continue;
    Pages out = std::move(*one);
    spare_.erase(one);
    spare_bytes_ -= out.bytes().size();
    return out;
  }
  return Pages();
}

/// Blocks may outlive the store, and go when it does.
std::function<void()> MemoryAndDisk::giver_back(std::uint64_t size) {
  return [usage = usage_, size, weak = weak_from_this()] {
    usage->used -= size;
    if (const auto self = weak.lock()) self->changed();
  };
}

/// Of room that was granted; in `spare` if that is some.
Result<StateBytes> MemoryAndDisk::new_bytes(Pages spare, std::uint64_t size) {
  try {
    if (spare.bytes().empty()) spare = Pages(size);
    return StateBytes(std::move(spare), size, giver_back(size), usage_.get());
  } catch (const std::bad_alloc&) {
    usage_->used -= size;
    changed();
    return fail(ErrorCode::kExhausted,
                fmt::format("the system has no memory for a training state of {} bytes; lower the "
                            "budget of host memory",
                            size));
  }
}

void MemoryAndDisk::grant(const std::shared_ptr<Demand>& demand) {
  std::erase(demands_, demand);
  demand->granted = true;
  const auto entry = entries_.find(demand->key);
  if (demand->key.empty() || entry == entries_.end()) {
    charge(demand->size);
  } else {
    entry->second.demand.reset();
    read(demand->key, entry->second, false);
  }
}

/// False: it has to be written first, or cannot be.
bool MemoryAndDisk::evict(const std::string& key, Entry& entry) {
  if (entry.on_disk != entry.version) {
    ++figures_.evictions_written;
    queue_write(key, entry, true);
    return false;
  }
  ++figures_.evictions;
  let_go(std::move(entry.host));
  return true;
}

/// The disk cannot take what would have to leave: whoever waits for that hears it.
void MemoryAndDisk::fail_demands(const Error& error) {
  for (const auto& demand : demands_) {
    demand->error = error;
    const auto entry = entries_.find(demand->key);
    if (demand->key.empty() || entry == entries_.end()) continue;
    entry->second.failed = error;
    entry->second.demand.reset();
  }
  demands_.clear();
  for (auto& [key, entry] : entries_) entry.prefetch = false;
}

}  // namespace troupe
