#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "experience/store_test_support.h"

// The store on a live executor: workers write the journal to this machine's disk while threads
// commit. What ThreadSanitizer looks at.

namespace troupe {
namespace {

constexpr int kThreads = 3;
constexpr std::int64_t kSteps = 6;
constexpr std::int64_t kGroups = 12;

const Wait kSoon(60 * kSecond, "the test");

/// A folder of the test's own, gone when it ends.
class Folder {
 public:
  Folder() : disk_(make_posix_disk()) {
    path_ = fmt::format("{}troupe-store-{:.6f}", ::testing::TempDir(), unix_time());
    EXPECT_TRUE(disk_->make_folders(path_));
  }
  ~Folder() { (void)disk_->remove(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Disk& disk() { return *disk_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::unique_ptr<Disk> disk_;
  std::string path_;
};

ExperienceStore::Setting live_setting(Executor& executor, Folder& folder) {
  auto out = test_setting(executor, folder.disk());
  out.journal.folder = folder.path() + "/experience";
  out.journal.segment_bytes = 20'000;
  out.journal.flush_interval = kMillisecond;
  return out;
}

ColumnRecord advantage(int policy, GroupKey key, std::uint32_t row) {
  ColumnRecord out;
  out.key = key;
  out.policy = static_cast<std::uint16_t>(policy);
  out.column = Column::kAdvantage;
  out.first = row;
  out.values = {0.5 * row};
  return out;
}

/// Threads that fill the advantages of a step's groups, row by row, whenever they get to it.
class Fillers {
 public:
  Fillers(ExperienceStore& store, std::int64_t step, std::atomic<int>& failures) {
    for (int t = 0; t < kThreads; ++t) {
      threads_.emplace_back([&store, step, t, &failures] {
        for (std::int64_t g = 0; g < kGroups; ++g) {
          for (int i = 0; i < 4; ++i) {  // two policies' rows of two members
            if ((g + i) % kThreads != t) continue;
            store.fill_from(advantage(i / 2, group_key(step, g), static_cast<std::uint32_t>(i % 2)),
                            [&failures](const Error&) { ++failures; });
          }
        }
      });
    }
  }
  ~Fillers() {
    for (auto& thread : threads_) thread.join();
  }
  Fillers(const Fillers&) = delete;
  Fillers& operator=(const Fillers&) = delete;

 private:
  std::vector<std::thread> threads_;
};

Async<Status> run_all(ExperienceStore& store, std::atomic<int>& failures) {
  Status status = store.restart(0, 0, std::vector<std::int64_t>(2, 0));
  for (std::int64_t step = 0; step < kSteps && status; ++step) {
    for (std::int64_t g = 0; g < kGroups && status; ++g) {
      const GroupKey key = group_key(step, g);
      const std::vector<std::uint64_t> bytes(2, 500);
      status = co_await store.wait_for_room(bytes, kSoon);
      if (!status) break;
      status =
          store.reserve(key, step * kGroups + g, "task", bytes, std::vector<std::int64_t>(2, step));
      if (status) status = store.start(key);
      for (int m = 0; m < 2 && status; ++m) {
        std::vector<Trajectory> rows;
        rows.push_back(test_trajectory(key, m, "a", 50));
        rows.push_back(test_trajectory(key, m, "b", 50));
        status = store.add_episode(key, m, rows);
      }
      if (status) status = store.close(key);
    }
    if (!status) co_return status;
    const Fillers fillers(store, step, failures);
    for (int p = 0; p < 2; ++p) {
      auto all = co_await store.take(p, step, static_cast<int>(kGroups), kSoon);
      if (!all) co_return tl::unexpected(all.error());
      EXPECT_EQ(all->size(), static_cast<std::size_t>(kGroups));
      for (const auto& group : *all) {
        EXPECT_EQ(group->advantages[1], 0.5);
        const Trajectory want = test_trajectory(group->key, 1, p == 0 ? "a" : "b", 50);
        EXPECT_EQ(group->rows[1].segments[1].tokens, want.segments[1].tokens);
      }
      status = store.cover(p, step, step + 1);
      if (!status) co_return status;
    }
    status = co_await store.sync(kSoon);
    if (status && step % 2 == 1) status = store.retire(step);  // all but the last
  }
  if (status) status = co_await store.close_journal(kSoon);
  co_return status;
}

TEST(StoreLive, ThreadsCommitWhileWorkersWriteAndANewProcessFindsItAll) {
  Folder folder;
  std::atomic<int> failures = 0;
  {
    const auto executor = make_live_executor(3);
    auto store = ExperienceStore::open(live_setting(*executor, folder));
    ASSERT_TRUE(store) << store.error().message;
    const Status status = executor->run(run_all(**store, failures));
    ASSERT_TRUE(status) << (status ? "" : status.error().message);
    EXPECT_GT((*store)->journal().segments().front().first, 0U);  // old segments are gone
  }
  EXPECT_EQ(failures, 0);
  const auto executor = make_live_executor(2);
  auto store = ExperienceStore::open(live_setting(*executor, folder));
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ((*store)->recovery_note(), "");
  for (int p = 0; p < 2; ++p) {
    EXPECT_EQ((*store)->table(p).entered(GroupState::kCovered), kSteps * kGroups);
    EXPECT_EQ((*store)->table(p).used(), (kSteps - 1) * kGroups * 2);
    EXPECT_EQ((*store)->table(p).held(GroupState::kCovered), kGroups);
  }
  ASSERT_TRUE((*store)->restart(kSteps - 1, 0, std::vector<std::int64_t>(2, kSteps - 1)));
  const auto take_last = [](ExperienceStore& from) -> Async<Status> {
    auto all = co_await from.take(1, kSteps - 1, static_cast<int>(kGroups), kSoon);
    if (!all) co_return tl::unexpected(all.error());
    EXPECT_EQ(all->size(), static_cast<std::size_t>(kGroups));
    co_return co_await from.close_journal(kSoon);
  };
  const Status taken = executor->run(take_last(**store));
  EXPECT_TRUE(taken) << (taken ? "" : taken.error().message);
}

}  // namespace
}  // namespace troupe
