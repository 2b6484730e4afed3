#include <map>
#include <set>

#include "versions/tiers/tiers_test_support.h"

// The machine crashes at each call of the disk: what was set to Place::kDisk is there, in that
// value or a later one, whole.

namespace troupe {
namespace {

using namespace tiers_test;

constexpr std::uint64_t kSize = 9000;

/// What a crash may leave of a key.
struct Known {
  std::uint64_t durable = 0;         ///< the last value whose set() to disk ended well
  std::set<std::uint64_t> possible;  ///< values since then, which the disk may have, too
  bool removing = false;
};
using Ledger = std::map<std::string, Known>;

Async<void> set_to_disk(TierStore& store, Ledger& ledger, std::string key, std::uint64_t value) {
  Known& known = ledger[key];
  known.possible.insert(value);
  const Status status = co_await store_value(store, key, kSize, value, Place::kDisk);
  if (!status) co_return;
  known.durable = value;
  known.possible = {value};
}

/// Values on disk are replaced, evicted and removed.
Async<Status> work(TierStore& store, Ledger& ledger) {
  co_await set_to_disk(store, ledger, "a", 1);
  co_await set_to_disk(store, ledger, "b", 2);
  co_await set_to_disk(store, ledger, "a", 3);
  // Left in memory: later ones drive it out, over its older copy on disk.
  ledger["b"].possible.insert(4);
  (void)co_await store_value(store, "b", kSize, 4, Place::kHost);
  {
    const auto room = co_await store.allocate(2 * kSize, soon());
    (void)room;
  }
  co_await set_to_disk(store, ledger, "c", 5);
  ledger["a"].removing = true;
  const Status removed = co_await store.remove("a");
  if (removed) ledger.erase("a");
  co_await set_to_disk(store, ledger, "c", 6);
  co_await set_to_disk(store, ledger, "a", 7);
  co_return Status();
}

/// Runs work() on this disk, until it crashes if it does.
Ledger live_on(SimulatedDisk& disk) {
  Ledger ledger;
  const auto executor = make_virtual_executor({});
  TierBudgets budgets;
  budgets.host = 2 * kSize;
  const auto store = open_tier_store(*executor, disk, kFolder, budgets, Leftovers::kKeep);
  if (store) run(*executor, work(**store, ledger));
  return ledger;
}

void expect_whole(SimulatedDisk& found, const Ledger& ledger) {
  const auto executor = make_virtual_executor({});
  const auto store = open(*executor, found, 4 * kSize);
  ASSERT_NE(store, nullptr);
  auto body = [&]() -> Async<Status> {
    for (const auto& [key, known] : ledger) {
      const auto got = co_await store->get(key, soon());
      if (!got && got.error().code == ErrorCode::kNotFound &&
          (known.durable == 0 || known.removing)) {
        continue;
      }
      if (!got) co_return tl::unexpected(got.error());
      bool fine = known.durable != 0 && holds(*got, known.durable);
      for (const std::uint64_t value : known.possible) fine = fine || holds(*got, value);
      EXPECT_TRUE(fine) << key;
    }
    for (const std::string& key : store->keys()) EXPECT_TRUE(ledger.contains(key)) << key;
    co_return Status();
  };
  run(*executor, body());
  const std::vector<std::string> names = found.list(kFolder).value();
  for (const std::string& name : names) {
    EXPECT_TRUE(name.ends_with(".state")) << name;
  }
}

TEST(TiersCrash, AtAnyCallLeavesTheOldStateOrTheNew) {
  SimulatedDisk whole;
  const Ledger all = live_on(whole);
  ASSERT_EQ(all.at("a").durable, 7U);
  ASSERT_EQ(all.at("b").durable, 2U);
  const std::uint64_t calls = whole.calls();
  ASSERT_GT(calls, 40U);
  for (std::uint64_t call = 0; call < calls; ++call) {
    for (const auto loss : {SimulatedDisk::Loss::kNone, SimulatedDisk::Loss::kAll,
                            SimulatedDisk::Loss::kRandom, SimulatedDisk::Loss::kRandom}) {
      SCOPED_TRACE(call);
      SimulatedDisk disk(seed_join(call, 1));
      disk.crash_at(call);
      const Ledger ledger = live_on(disk);
      ASSERT_TRUE(disk.crashed());
      const auto found = disk.after_crash(loss, seed_join(call, static_cast<std::uint64_t>(loss)));
      expect_whole(*found, ledger);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace troupe
