#include "base/rng.h"
#include "experience/crash_test_support.h"
#include "experience/totals_test_support.h"

namespace troupe {
namespace {

using Loss = SimulatedDisk::Loss;

/// One life of a process over `disk`: opens the store and runs the workload. True if it got to the
/// end; otherwise the disk has crashed.
bool live(SimulatedDisk& disk, World& world) {
  auto executor = make_virtual_executor({});
  auto setting = test_setting(*executor, disk);
  setting.journal.segment_bytes = 6000;
  setting.consumers = {"exporter"};
  auto store = ExperienceStore::open(std::move(setting));
  if (!store) {
    EXPECT_TRUE(disk.crashed()) << store.error().message;
    return false;
  }
  world.forget_lost((*store)->state().consumers().at("exporter"));
  CrashWorkload workload(*executor, disk, **store, world);
  const Status status = executor->run(workload.run());
  EXPECT_TRUE(status || disk.crashed()) << (status ? "" : status.error().message);
  return status.has_value();
}

/// What lies on `disk` is what a crash may leave of `world`'s run: all that was synced is there,
/// and it is the state that the run had at one moment.
void expect_prefix(SimulatedDisk& disk, const World& world) {
  auto executor = make_virtual_executor({});
  auto setting = test_setting(*executor, disk);
  StoreState state(std::move(setting.policies), setting.run);
  const auto scan = scan_journal(disk, setting.journal.folder, ScanFrom::kNewestSnapshot,
                                 [&state](const Frame& frame) { return state.replay(frame); });
  ASSERT_TRUE(scan) << scan.error().message;
  const Status status = check_damage(*scan);
  ASSERT_TRUE(status) << (status ? "" : status.error().message);
  ASSERT_GE(scan->end, world.synced) << "synced records are lost";
  const auto behind = world.trace.upper_bound(scan->end);
  if (behind == world.trace.begin()) return;  // not even the store's first records
  EXPECT_EQ(digest_of(state), std::prev(behind)->second) << "at " << scan->end;
}

/// The run came to its end: it must have used and seen what `whole` did.
void compare(const World& world, const World& whole, Totals& totals) {
  ++totals.cases;
  totals.used_twice += world.used_twice;
  for (const auto& [sample, step] : whole.used) totals.lost += world.used.contains(sample) ? 0 : 1;
  EXPECT_EQ(world.used, whole.used);
  EXPECT_EQ(world.counted, whole.counted);
  EXPECT_EQ(world.digests, whole.digests);
  EXPECT_EQ(world.reasons, whole.reasons);
  const auto seen = [](const World& of) {
    std::vector<std::string> out;
    for (const auto& [at, policy, key] : of.consumed) {
      out.push_back(fmt::format("policy {} group {} of step {}", policy, key.index, key.step));
    }
    std::sort(out.begin(), out.end());
    return fmt::format("{}", fmt::join(out, "\n"));
  };
  EXPECT_EQ(seen(world), seen(whole));  // each once
}

/// The disk after a crash; kinds of loss: 0 nothing, 1 all that was not synced, 2... random parts.
std::unique_ptr<SimulatedDisk> found(const SimulatedDisk& disk, std::uint64_t kind,
                                     std::uint64_t seed) {
  const Loss loss = kind == 0 ? Loss::kNone : kind == 1 ? Loss::kAll : Loss::kRandom;
  return disk.after_crash(loss, seed_join(seed, kind));
}

struct Reference {
  World world;
  std::vector<SimulatedDisk::Call> log;
};
Reference uncrashed() {
  Reference out;
  SimulatedDisk disk;
  out.world.tracing = true;
  EXPECT_TRUE(live(disk, out.world));
  out.log = disk.log();
  // 8 steps of 4 groups of 2; less for b: four groups are empty and a step of three is skipped.
  EXPECT_EQ(out.world.used.size(), 64U + (64U - 4U * 2U - 3U * 2U));
  // It rotates, writes snapshots and removes what is not needed.
  const auto removed = std::count_if(out.log.begin(), out.log.end(), [](const auto& call) {
    return call.kind == SimulatedDisk::CallKind::kRemove;
  });
  EXPECT_GE(removed, 3);
  return out;
}

TEST(StoreCrash, AtEveryCallOfTheDiskTheRunGoesOnToTheSameEnd) {
  const Reference whole = uncrashed();
  Totals totals;
  for (std::uint64_t n = 0; n < whole.log.size(); ++n) {
    SimulatedDisk disk;
    disk.crash_at(n);
    World before;
    ASSERT_FALSE(live(disk, before));
    before.trace = whole.world.trace;
    for (std::uint64_t kind = 0; kind < 10; ++kind) {
      SCOPED_TRACE(fmt::format("crash at call {} ({}), loss {}", n, whole.log[n].text(), kind));
      World world = before;
      const auto left = found(disk, kind, n);
      expect_prefix(*left, world);
      ASSERT_TRUE(live(*left, world));
      compare(world, whole.world, totals);
      if (::testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GE(totals.cases, 2000);
  report("crash points enumerated", totals);
}

TEST(StoreCrash, ASecondCrashWhileItComesBackChangesNothing) {
  const Reference whole = uncrashed();
  Totals totals;
  for (std::uint64_t n = 3; n < whole.log.size(); n += 17) {
    SimulatedDisk disk;
    disk.crash_at(n);
    World before;
    ASSERT_FALSE(live(disk, before));
    for (std::uint64_t first = 0; first < 4; ++first) {
      for (std::uint64_t again = 0; again < 14; ++again) {
        World middle = before;
        const auto left = found(disk, first, n);
        left->crash_at(again);
        if (live(*left, middle)) continue;  // it ended before
        for (std::uint64_t kind = 0; kind < 3; ++kind) {
          SCOPED_TRACE(fmt::format("crash at call {} ({}), loss {}, then at {} ({}), loss {}", n,
                                   whole.log[n].text(), first, again, left->log().back().text(),
                                   kind));
          World world = middle;
          const auto at_last = found(*left, kind, again);
          ASSERT_TRUE(live(*at_last, world));
          compare(world, whole.world, totals);
          if (::testing::Test::HasFailure()) return;
        }
      }
    }
  }
  report("second crashes while coming back", totals);
}

}  // namespace
}  // namespace troupe
