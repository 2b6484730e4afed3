#include <fmt/format.h>
#include <unistd.h>

#include "versions/tiers/tiers_test_support.h"

// What a TierStore promises, one promise at a time.

namespace troupe {
namespace {

using namespace tiers_test;

constexpr std::uint64_t kSize = 10'000;

/// A store that has room for three states of kSize.
class Tiers : public ::testing::Test {
 protected:
  void SetUp() override { store = open(*executor, disk, 3 * kSize); }
  Async<Status> put(std::string key, std::uint64_t value, Place place = Place::kHost) {
    return store_value(*store, std::move(key), kSize, value, place);
  }
  SimulatedDisk disk;
  std::unique_ptr<Executor> executor = make_virtual_executor({});
  std::shared_ptr<TierStore> store;
};

#define MUST(expression)                                                 \
  {                                                                      \
    const auto& must_status = expression;                                \
    EXPECT_TRUE(must_status) << must_status.error().message;             \
    if (!must_status) co_return fail(ErrorCode::kInternal, "see above"); \
  }

TEST_F(Tiers, GiveBackWhatTheyGot) {
  auto body = [&]() -> Async<Status> {
    MUST(co_await put("a", 1));
    MUST(co_await put("b/odd key.state", 2, Place::kDisk));
    EXPECT_EQ(store->place("a").value(), Place::kHost);
    EXPECT_EQ(store->place("b/odd key.state").value(), Place::kDisk);
    EXPECT_EQ(store->figures().host_used, kSize);
    EXPECT_EQ(store->keys(), (std::vector<std::string>{"a", "b/odd key.state"}));
    auto a = co_await store->get("a", soon());
    auto b = co_await store->get("b/odd key.state", soon());
    MUST(a);
    MUST(b);
    EXPECT_TRUE(holds(*a, 1) && a->size() == kSize);
    EXPECT_TRUE(holds(*b, 2) && b->size() == kSize);
    EXPECT_EQ(store->figures().host_used, 2 * kSize);
    b = StateBytes();
    EXPECT_EQ(store->figures().host_used, kSize);
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, AStateIsTakenByOne) {
  auto body = [&]() -> Async<Status> {
    MUST(co_await put("a", 1, Place::kDisk));
    auto first = co_await store->get("a", soon());
    MUST(first);
    const auto second = co_await store->get("a", soon());
    EXPECT_EQ(second.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(second.error().message, "the training state 'a' is taken");
    EXPECT_EQ(store->place("a").error().code, ErrorCode::kNotFound);
    MUST(co_await store->set("a", std::move(*first), Place::kHost, soon()));
    const auto third = co_await store->get("a", soon());
    MUST(third);
    EXPECT_TRUE(holds(*third, 1));
    EXPECT_EQ((co_await store->get("b", soon())).error().message, "there is no training state 'b'");
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, WhoIsNeededLastLeavesForOthers) {
  auto body = [&]() -> Async<Status> {
    MUST(co_await put("soon", 1));
    MUST(co_await put("late", 2));
    MUST(co_await put("later", 3));
    store->needed_at("soon", 10 * kSecond);
    store->needed_at("late", 20 * kSecond);
    store->needed_at("later", 30 * kSecond);
    MUST(co_await put("new", 4));
    EXPECT_EQ(store->place("later").value(), Place::kDisk);
    EXPECT_EQ(store->place("late").value(), Place::kHost);
    EXPECT_EQ(store->figures().evictions, 1U);
    EXPECT_EQ(store->figures().host_peak, 3 * kSize);
    // Nobody said when "new" is needed, so it goes next.
    const auto later = co_await store->get("later", soon());
    MUST(later);
    EXPECT_TRUE(holds(*later, 3));
    EXPECT_EQ(store->place("new").value(), Place::kDisk);
    EXPECT_EQ(store->figures().evictions_written, 2U);
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, ACopyThatTheDiskHasIsNotWrittenAgain) {
  auto body = [&]() -> Async<Status> {
    MUST(co_await put("a", 1, Place::kDisk));
    store->prefetch("a");
    co_await sleep_for(*executor, kSecond);
    EXPECT_EQ(store->place("a").value(), Place::kHost);
    EXPECT_EQ(store->figures().prefetches, 1U);
    const std::uint64_t calls = disk.calls();
    const auto all = co_await store->allocate(3 * kSize, soon());
    MUST(all);
    EXPECT_EQ(store->place("a").value(), Place::kDisk);
    EXPECT_EQ(disk.calls(), calls);
    EXPECT_EQ(store->figures().evictions, 1U);
    EXPECT_EQ(store->figures().evictions_written, 0U);
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, APrefetchOnlyTakesTheRoomOfWhoIsNeededLater) {
  auto body = [&]() -> Async<Status> {
    MUST(co_await put("p", 1, Place::kDisk));
    MUST(co_await put("x", 2));
    MUST(co_await put("y", 3));
    MUST(co_await put("z", 4));
    for (const char* key : {"x", "y", "z"}) store->needed_at(key, 5 * kSecond);
    store->needed_at("p", 6 * kSecond);
    store->prefetch("p");
    co_await sleep_for(*executor, kSecond);
    EXPECT_EQ(store->place("p").value(), Place::kDisk);
    store->needed_at("y", 7 * kSecond);
    co_await sleep_for(*executor, kSecond);
    EXPECT_EQ(store->place("p").value(), Place::kHost);
    EXPECT_EQ(store->place("y").value(), Place::kDisk);
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, WaitForRoomThatCallersHoldUntilTheDeadline) {
  auto body = [&]() -> Async<Status> {
    auto held = co_await store->allocate(2 * kSize, soon());
    MUST(held);
    const Nanos before = executor->now();
    const Wait wait(2 * kSecond, "the swap of a policy");
    const auto late = co_await store->allocate(2 * kSize, wait);
    EXPECT_EQ(late.error().code, ErrorCode::kDeadline);
    EXPECT_EQ(late.error().message,
              "waited 2.0 s for the swap of a policy: no room for 20000 bytes, host memory has "
              "20000 of 30000 bytes in use");
    EXPECT_EQ(executor->now() - before, 2 * kSecond);
    // A smaller one passes by a larger one that waits, and the larger one comes when it can.
    Result<StateBytes> large;
    auto get_large = [&]() -> Async<void> { large = co_await store->allocate(2 * kSize, soon()); };
    Async<void> asking = get_large();
    asking.start();
    const auto small = co_await store->allocate(kSize, soon());
    MUST(small);
    EXPECT_FALSE(large && !large->empty());
    held = StateBytes();
    co_await sleep_for(*executor, kMillisecond);
    MUST(large);
    EXPECT_EQ(large->size(), 2 * kSize);
    const auto never = co_await store->allocate(4 * kSize, soon());
    EXPECT_EQ(never.error().code, ErrorCode::kExhausted);
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, CountBytesThatComeFromElsewhere) {
  auto body = [&]() -> Async<Status> {
    auto held = co_await store->allocate(2 * kSize, soon());
    MUST(held);
    MUST(co_await store->set("a", StateBytes(kSize), Place::kHost, soon()));
    EXPECT_EQ(store->figures().host_used, 3 * kSize);
    MUST(co_await store->set("b", StateBytes(kSize), Place::kHost, soon()));  // "a" leaves
    EXPECT_EQ(store->figures().host_used, 3 * kSize);
    EXPECT_EQ(store->place("a").value(), Place::kDisk);
    held = StateBytes();
    EXPECT_EQ(store->figures().host_used, kSize);
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, GetJoinsAWriteAndNeedsNoRead) {
  auto body = [&]() -> Async<Status> {
    auto bytes = co_await store->allocate(kSize, soon());
    MUST(bytes);
    fill(*bytes, 7);
    Status written = fail(ErrorCode::kInternal, "not yet");
    auto write = [&]() -> Async<void> {
      written = co_await store->set("a", std::move(*bytes), Place::kDisk, soon());
    };
    Async<void> writing = write();
    writing.start();
    const auto got = co_await store->get("a", soon());
    MUST(got);
    co_await sleep_for(*executor, kMillisecond);
    MUST(written);
    EXPECT_TRUE(holds(*got, 7));
    EXPECT_EQ(store->figures().read_bytes, 0U);
    EXPECT_EQ(store->figures().written_bytes, kSize);
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, AFullDiskIsSaidAndNothingIsLost) {
  auto body = [&]() -> Async<Status> {
    MUST(co_await put("a", 1, Place::kDisk));
    disk.fail_while(ErrorCode::kNoSpace);
    const Status full = co_await put("a", 2, Place::kDisk);
    EXPECT_EQ(full.error().code, ErrorCode::kNoSpace);
    EXPECT_TRUE(full.error().message.starts_with("no room for 16384 bytes in run/tiers: "))
        << full.error().message;
    MUST(co_await put("b", 3));
    MUST(co_await put("c", 4));
    const Status none = co_await put("d", 5);  // somebody would have to leave
    EXPECT_EQ(none.error().code, ErrorCode::kNoSpace);
    disk.heal();
    MUST(co_await put("d", 5));
    const std::vector<std::string> keys = {"a", "b", "c", "d"};
    for (std::uint64_t i = 0; i < 4; ++i) {
      const auto got = co_await store->get(keys[i], soon());
      MUST(got);
      EXPECT_TRUE(holds(*got, i + 2)) << keys[i];
    }
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, TheDiskHasABudgetToo) {
  const std::uint64_t file = 12288 + 4096;
  store = open(*executor, disk, 3 * kSize, 2 * file);
  auto body = [&]() -> Async<Status> {
    MUST(co_await put("a", 1, Place::kDisk));
    MUST(co_await put("a", 2, Place::kDisk));         // both versions fit beside each other
    EXPECT_EQ(store->figures().disk_used, 2 * file);  // the older one is spare
    EXPECT_TRUE(disk.exists("run/tiers/spare.writing"));
    MUST(co_await put("b", 3, Place::kDisk));  // takes its blocks
    EXPECT_EQ(store->figures().disk_used, 2 * file);
    EXPECT_FALSE(disk.exists("run/tiers/spare.writing"));
    const Status full = co_await put("c", 4, Place::kDisk);
    EXPECT_EQ(full.error().code, ErrorCode::kNoSpace);
    EXPECT_EQ(full.error().message,
              "no room for 16384 bytes in run/tiers: 32768 of the 32768 bytes that training "
              "states may take there are in use");
    EXPECT_EQ(store->place("c").value(), Place::kHost);
    MUST(co_await store->remove("a"));
    EXPECT_EQ(store->figures().disk_used, file);
    EXPECT_FALSE(disk.exists("run/tiers/a.2.state"));
    EXPECT_TRUE(disk.exists("run/tiers/b.3.state"));
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, ADamagedFileIsAnError) {
  auto body = [&]() -> Async<Status> {
    MUST(co_await put("a", 1, Place::kDisk));
    EXPECT_TRUE(disk.flip("run/tiers/a.1.state", 5000, 3));
    const auto got = co_await store->get("a", soon());
    EXPECT_EQ(got.error().code, ErrorCode::kIo);
    EXPECT_NE(got.error().message.find("run/tiers/a.1.state is damaged"), std::string::npos);
    EXPECT_EQ(store->figures().host_used, 0U);
    MUST(co_await put("a", 2, Place::kDisk));
    MUST(co_await store->get("a", soon()));
    co_return Status();
  };
  run(*executor, body());
}

TEST_F(Tiers, RefuseWhatIsNoState) {
  auto body = [&]() -> Async<Status> {
    EXPECT_EQ((co_await store->allocate(0, soon())).error().code, ErrorCode::kInvalid);
    EXPECT_EQ((co_await put("", 1)).error().code, ErrorCode::kInvalid);
    EXPECT_EQ((co_await put(std::string(201, 'k'), 1)).error().code, ErrorCode::kInvalid);
    const Status empty = co_await store->set("a", StateBytes(), Place::kHost, soon());
    EXPECT_EQ(empty.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(store->figures().host_used, 0U);
    MUST(co_await store->remove("a"));
    co_return Status();
  };
  run(*executor, body());
}

/// The same on the machine's clock, threads and disk: three states take turns in memory for two.
TEST(TiersLive, MoveBetweenMemoryAndDisk) {
  constexpr std::uint64_t kLarge = 5ULL << 20;
  const std::string folder = ::testing::TempDir() + fmt::format("troupe-tiers-{}", ::getpid());
  const auto disk = make_posix_disk();
  const auto executor = make_live_executor(1);
  TierBudgets budgets;
  budgets.host = 2 * kLarge;
  auto opened = open_tier_store(*executor, *disk, folder + "/t", budgets, Leftovers::kKeep);
  ASSERT_TRUE(opened);
  TierStore& store = **opened;
  const std::vector<std::string> keys = {"a", "b", "c"};
  auto body = [&]() -> Async<Status> {
    for (std::uint64_t i = 0; i < 3; ++i) {
      MUST(co_await store_value(store, keys[i], kLarge, i, i == 1 ? Place::kDisk : Place::kHost));
    }
    for (std::uint64_t round = 0; round < 9; ++round) {
      const std::uint64_t i = round % 3;
      store.needed_at(keys[i], executor->now());
      store.prefetch(keys[(i + 1) % 3]);
      auto got = co_await store.get(keys[i], soon());
      MUST(got);
      EXPECT_TRUE(holds(*got, i + (round - i) / 3 * 3)) << round;
      fill(*got, round + 3);
      const Place place = round % 4 == 0 ? Place::kDisk : Place::kHost;
      MUST(co_await store.set(keys[i], std::move(*got), place, soon()));
    }
    co_return Status();
  };
  run(*executor, body());
  EXPECT_LE(store.figures().host_peak, 2 * kLarge);
  EXPECT_GT(store.figures().read_bytes, 0U);
  EXPECT_TRUE(disk->remove(folder));
}

TEST_F(Tiers, AFolderIsFoundAgainOrForgotten) {
  auto body = [&]() -> Async<Status> {
    MUST(co_await put("a/1", 1, Place::kDisk));
    MUST(co_await put("b", 2, Place::kDisk));
    MUST(co_await put("c", 3));
    co_return Status();
  };
  run(*executor, body());
  ASSERT_TRUE(disk.write("run/tiers/new.writing", "half", false));
  ASSERT_TRUE(disk.write("run/tiers/b.1.state", "of old, and half overwritten", false));
  const auto next = make_virtual_executor({});
  store = open(*next, disk, 3 * kSize);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->keys(), (std::vector<std::string>{"a/1", "b"}));
  EXPECT_EQ(disk.list(kFolder).value(), (std::vector<std::string>{"a%2f1.1.state", "b.2.state"}));
  auto look = [&]() -> Async<Status> {
    const auto got = co_await store->get("a/1", soon());
    MUST(got);
    EXPECT_TRUE(holds(*got, 1));
    co_return Status();
  };
  run(*next, look());

  ASSERT_TRUE(disk.flip("run/tiers/b.2.state", 12288 + 5, 0));
  TierBudgets budgets;
  budgets.host = kSize;
  const auto damaged = open_tier_store(*next, disk, kFolder, budgets, Leftovers::kKeep);
  EXPECT_EQ(damaged.error().message,
            "run/tiers/b.2.state is not a whole training state: remove it");
  const auto forgot = open_tier_store(*next, disk, kFolder, budgets, Leftovers::kForget);
  ASSERT_TRUE(forgot);
  EXPECT_TRUE((*forgot)->keys().empty());
  EXPECT_TRUE(disk.list(kFolder).value().empty());
}

}  // namespace
}  // namespace troupe
