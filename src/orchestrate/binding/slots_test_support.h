#pragma once

// A store of states with a slow disk, and trainers that check that their state is where it must be.

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

#include "orchestrate/binding/training_slots.h"

namespace troupe {

/// Memory for so many bytes of states that nobody holds; the rest lies on a disk that takes its
/// time. Counts what callers hold too.
class SlowStore final : public TierStore {
 public:
  SlowStore(Executor& executor, std::uint64_t host) : executor_(executor), host_(host) {}

  Async<Result<StateBytes>> allocate(std::uint64_t size, Wait) override {
    held += size;
    StateBytes out(size, [this, size] { held -= size; });
    co_return out;
  }
  Async<Status> set(std::string key, StateBytes bytes, Place, Wait) override {
    if (fail_next) co_return fail(ErrorCode::kNoSpace, "the disk of states is full");
    Entry entry;
    entry.content.assign(bytes.bytes().begin(), bytes.bytes().end());
    bytes = StateBytes();
    co_await sleep_for(executor_, kMillisecond);
    entries_[key] = std::move(entry);
    spill(key);
    co_return Status();
  }
  Async<Result<StateBytes>> get(std::string key, Wait) override {
    const auto found = entries_.find(key);
    if (found == entries_.end()) co_return fail(ErrorCode::kNotFound, "no state " + key);
    const Nanos takes = found->second.place == Place::kDisk ? 20 * kMillisecond : kMillisecond;
    disk_reads += found->second.place == Place::kDisk ? 1 : 0;
    const std::string content = found->second.content;
    entries_.erase(found);
    co_await sleep_for(executor_, takes);
    held += content.size();
    StateBytes out(content.size(), [this, size = content.size()] { held -= size; });
    std::memcpy(out.bytes().data(), content.data(), content.size());
    co_return out;
  }
  void prefetch(const std::string& key) override {
    ++prefetches;
    executor_.at(executor_.now() + 20 * kMillisecond, [this, key] { fetched(key); });
  }
  void needed_at(const std::string&, Nanos) override {}
  Async<Status> remove(std::string key) override {
    entries_.erase(key);
    co_return Status();
  }
  Result<Place> place(const std::string& key) const override {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return fail(ErrorCode::kNotFound, key);
    return found->second.place;
  }

  std::vector<std::string> keys() const override {
    std::vector<std::string> out;
    for (const auto& [key, entry] : entries_) out.push_back(key);
    return out;
  }
  TierFigures figures() const override { return {}; }

  std::uint64_t held = 0;  ///< by callers
  int disk_reads = 0;
  int prefetches = 0;
  bool fail_next = false;

 private:
  struct Entry {
    std::string content;
    Place place = Place::kHost;
  };
  void fetched(const std::string& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    found->second.place = Place::kHost;
    spill(key);
  }
  /// Others leave for `newest` to have room.
  void spill(const std::string& newest) {
    std::uint64_t in_memory = 0;
    for (const auto& [key, entry] : entries_) {
      if (entry.place == Place::kHost) in_memory += entry.content.size();
    }
    for (auto& [key, entry] : entries_) {
      if (in_memory <= host_) return;
      if (key == newest || entry.place == Place::kDisk) continue;
      entry.place = Place::kDisk;
      in_memory -= entry.content.size();
    }
  }

  Executor& executor_;
  std::uint64_t host_;
  std::map<std::string, Entry> entries_;
};

/// A trainer whose state counts what it has computed: steps in one part, groups of the step in hand
/// in another.
class CountingTrainer final : public Swappable {
 public:
  explicit CountingTrainer(Executor& executor) : executor_(executor) {}

  std::vector<StatePart> parts() const override {
    std::vector<StatePart> out;
    out.push_back({"moments", 64});
    if (groups > 0) out.push_back({"sums", 128, true});
    return out;
  }
  bool fresh() const override { return steps == 0 && groups == 0; }
  StateParts suspend(StateParts room) override {
    EXPECT_EQ(running, 0) << "taken away while it computes";
    EXPECT_EQ(room.contains("sums"), groups > 0);
    there = false;
    StateParts out;
    out["moments"] = std::move(moments_);
    if (groups > 0) {
      std::memcpy(room["sums"].bytes().data(), &summed_, sizeof summed_);
      out["sums"] = std::move(room["sums"]);
      summed_ = -1;
    }
    return out;
  }
  void resume(StateParts state) override {
    moments_ = std::move(state["moments"]);
    if (groups > 0) std::memcpy(&summed_, state["sums"].bytes().data(), sizeof summed_);
    there = true;
  }

  Async<void> compute(bool step) {
    EXPECT_TRUE(there) << "computes without its state";
    ++running;
    co_await on_worker(executor_, "backward", 1, [] {});
    --running;
    if (!step) {
      EXPECT_EQ(summed_, groups) << "sums of another time";
      summed_ = ++groups;
      co_return;
    }
    std::int64_t kept = 0;
    std::memcpy(&kept, moments_.bytes().data(), sizeof kept);
    EXPECT_EQ(kept, steps) << "moments of another time";
    kept = ++steps;
    std::memcpy(moments_.bytes().data(), &kept, sizeof kept);
    summed_ = groups = 0;
  }

  int running = 0;
  bool there = false;
  std::int64_t steps = 0, groups = 0;

 private:
  Executor& executor_;
  StateBytes moments_;
  std::int64_t summed_ = 0;
};

}  // namespace troupe
