#include "versions/transfer/pull.h"

#include <gtest/gtest.h>

#include "base/disk_simulated.h"
#include "versions/published/head.h"
#include "versions/transfer/transfer_test_support.h"

namespace troupe {
namespace {

using namespace transfer_test;

TEST(Pull, FetchesTheAnchorOnceAndThenDeltas) {
  Producer producer(1, 100);
  FaultyRemote remote(producer.source(), 1, 0);
  MemoryDisk disk;
  ReceivedPayloads store(disk, "to/payloads", "p");
  HeldVersion held;
  auto report = pull_once(remote, store, held);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(producer.is_right(held));
  EXPECT_EQ(report->payloads, 1);
  const std::uint64_t anchor = report->fetched;
  EXPECT_EQ(anchor, producer.catalogue().payloads.front().bytes);

  producer.publish();
  const StateId newest = producer.publish();
  std::uint64_t deltas = 0;
  for (const PayloadEntry& payload : producer.catalogue().payloads) {
    if (payload.base) deltas += payload.bytes;
  }
  report = pull_once(remote, store, held);
  ASSERT_TRUE(report);
  EXPECT_EQ(held.id, newest);
  EXPECT_EQ(report->version, newest);
  EXPECT_TRUE(producer.is_right(held));
  EXPECT_EQ(report->payloads, 2);
  EXPECT_EQ(report->fetched, deltas);
  // Nothing is new.
  EXPECT_EQ(pull_once(remote, store, held)->fetched, 0U);
  // What it holds can be served.
  PublishedFolder folder(disk, "to/payloads");
  EXPECT_EQ(folder.catalogue("p")->payloads.size(), 3U);
  // Another process, with nothing in memory, fetches nothing again.
  HeldVersion other;
  ReceivedPayloads again(disk, "to/payloads", "p");
  report = pull_once(remote, again, other);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->fetched, 0U);
  EXPECT_EQ(other.state.bits, held.state.bits);
}

TEST(Pull, WhoseBaseIsGoneGetsAnAnchor) {
  Producer producer(2, 3, 2);
  FaultyRemote remote(producer.source(), 1, 0);
  MemoryDisk disk;
  ReceivedPayloads store(disk, "to", "p");
  HeldVersion held;
  ASSERT_TRUE(pull_once(remote, store, held));
  for (int i = 0; i < 12; ++i) producer.publish();
  const auto report = pull_once(remote, store, held);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(held.id, producer.catalogue().head);
  EXPECT_TRUE(producer.is_right(held));
  // And what the producer does not offer any more is gone here, too.
  const auto names = disk.list("to/p");
  ASSERT_TRUE(names);
  for (const std::string& name : *names) {
    bool offered = name == kHeadFile;
    for (const PayloadEntry& payload : producer.catalogue().payloads) {
      offered = offered || payload.name == name;
    }
    EXPECT_TRUE(offered) << name;
  }
}

// Whatever breaks, damages or ages, also while the producer goes on and removes old payloads: every
// receiver ends at a version that was published, to the bit, and no older than when it began.
TEST(Pull, EndsAtAVersionWhateverTheFaults) {
  std::int64_t failures = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    Producer producer(seed, 3, 3);
    FaultyRemote remote(producer.source(), seed, 0.3 + 0.4 * rng.uniform());
    MemoryDisk disk;
    ReceivedPayloads store(disk, "to", "p");
    HeldVersion held;
    for (int round = 0; round < 4; ++round) {
      for (std::uint64_t n = rng.below(4); n > 0; --n) producer.publish();
      if (rng.below(3) == 0)
        remote.before = [&] {
          if (rng.below(20) == 0) producer.publish();
        };
      bool damaged = false;
      if (rng.below(4) == 0) {  // its memory is damaged, or it begins again with nothing
        if (rng.below(2) == 0 && !held.id.digest.empty()) {
          held.state.bits[0][0] ^= 1;
          damaged = true;
        } else {
          held = {};
        }
      }
      const StateId before = held.id;
      const auto least = published_test::key(held.id);
      PullTask task;
      task.limits.chunk = 400 + rng.below(3000);
      task.limits.deadline = 100'000 * kSecond;
      task.for_newcomers = rng.below(2) == 0;
      const auto report = pull_once(remote, store, held, seed, task);
      ASSERT_TRUE(report) << report.error().message;
      failures += report->failures;
      ASSERT_GE(published_test::key(held.id), least);
      const bool applied = !(held.id == before);
      if (damaged && !applied) held = {};  // nothing new came, so nothing looked at the bits
      if (!held.id.digest.empty()) {
        ASSERT_TRUE(producer.is_right(held));
      }
    }
  }
  EXPECT_GT(failures, 500);  // the faults were real
}

TEST(Pull, GivesUpAtItsDeadlineAndSaysWhy) {
  Producer producer(3);
  FaultyRemote remote(producer.source(), 1, 0);
  remote.dead = true;
  MemoryDisk disk;
  ReceivedPayloads store(disk, "to", "p");
  HeldVersion held;
  PullTask task;
  task.limits.deadline = 60 * kSecond;
  std::int64_t told = 0;
  task.progress = [&](const PullProgress& progress) { told = progress.failures; };
  const auto report = pull_once(remote, store, held, 7, task);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kDeadline);
  EXPECT_TRUE(
      report.error().message.starts_with("policy p: was not brought up to date within 60 s"));
  EXPECT_TRUE(report.error().message.ends_with("nobody answers")) << report.error().message;
  // Pauses double up to ten seconds: a dozen attempts, not thousands.
  EXPECT_GT(told, 6);
  EXPECT_LT(told, 25);
}

TEST(Pull, AnUnknownPolicyFailsAtOnceUnlessAnotherSourceHasIt) {
  Producer producer(4);
  MemoryDisk empty;
  PublishedFolder nothing(empty, "nowhere");
  FaultyRemote none(nothing, 1, 0);
  FaultyRemote good(producer.source(), 1, 0);
  MemoryDisk disk;
  ReceivedPayloads store(disk, "to", "p");
  HeldVersion held;
  const auto refused = pull_once(none, store, held);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  PullTask task;
  task.sources = {&none, &good};
  const auto report = pull_once(none, store, held, 1, task);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->failures, 1);
  EXPECT_TRUE(producer.is_right(held));
}

TEST(Pull, IsStopped) {
  Producer producer(5);
  FaultyRemote remote(producer.source(), 1, 0);
  remote.dead = true;
  MemoryDisk disk;
  ReceivedPayloads store(disk, "to", "p");
  HeldVersion held;
  PullTask task;
  int asked = 0;
  task.stop = [&] { return ++asked > 20; };
  const auto report = pull_once(remote, store, held, 1, task);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kCancelled);
}

TEST(Pull, AFullDiskIsNotTriedAgain) {
  Producer producer(6);
  FaultyRemote remote(producer.source(), 1, 0);
  SimulatedDisk disk;
  disk.fail_while(ErrorCode::kNoSpace);
  ReceivedPayloads store(disk, "to", "p");
  HeldVersion held;
  const auto report = pull_once(remote, store, held);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kNoSpace);
}

// The receiver or its machine dies at every call of the disk; who comes next ends at the head.
TEST(Pull, DiesAnywhereAndGoesOn) {
  Producer producer(7);
  producer.publish();
  const std::uint64_t whole = 2000;
  std::uint64_t saved = 0;
  for (std::uint64_t n = 0; n < 80; ++n) {
    for (const auto loss :
         {SimulatedDisk::Loss::kNone, SimulatedDisk::Loss::kAll, SimulatedDisk::Loss::kRandom}) {
      SCOPED_TRACE(n);
      FaultyRemote remote(producer.source(), 1, 0);
      SimulatedDisk disk;
      disk.crash_at(n);
      ReceivedPayloads store(disk, "to", "p");
      HeldVersion held;
      PullTask task;
      task.limits.chunk = 300;
      const auto first = pull_once(remote, store, held, n, task);
      ASSERT_EQ(first.has_value(), !disk.crashed());
      const auto after = disk.after_crash(loss, n);
      ReceivedPayloads found(*after, "to", "p");
      HeldVersion again;
      const auto report = pull_once(remote, found, again, n, task);
      ASSERT_TRUE(report) << report.error().message;
      ASSERT_TRUE(producer.is_right(again));
      if (loss == SimulatedDisk::Loss::kNone && report->fetched < whole) ++saved;
    }
  }
  EXPECT_GT(saved, 20U);  // it did go on
}

}  // namespace
}  // namespace troupe
