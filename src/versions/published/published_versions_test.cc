#include "versions/published/published_versions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/disk_simulated.h"
#include "versions/published/published_test_support.h"

namespace troupe {
namespace {

using namespace published_test;

/// Publishes `count` versions of incarnation 1, numbers from 0.
Log publish_some(PublishedVersions& versions, int count, std::uint64_t seed) {
  Rng rng(seed);
  Log log;
  Copy now = random_copy(seed);
  for (int i = 0; i < count; ++i) {
    if (i > 0) now = evolve(*now, rng);
    const auto done = versions.publish(1, i, now);
    EXPECT_TRUE(done) << done.error().message;
    log[{1, i}] = now;
  }
  return log;
}

TEST(PublishedVersions, EveryVersionComesBackAndEveryHolderFollows) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    MemoryDisk disk;
    const auto versions = opened(disk, setting(5));
    const Log log = publish_some(*versions, 14, seed);
    expect_whole(disk, log);
    PublishedFolder reader(disk, "run/versions");
    const auto catalogue = reader.catalogue("p");
    ASSERT_TRUE(catalogue);
    for (const StateId& id : versions_of(catalogue->payloads)) {
      HeldVersion held;
      ASSERT_TRUE(bring_to(reader, *catalogue, id, held));
      const Status followed = bring_to(reader, *catalogue, catalogue->head, held);
      ASSERT_TRUE(followed) << followed.error().message;
      EXPECT_EQ(held.id, catalogue->head);
      EXPECT_EQ(held.state.bits, log.at({1, 13})->bits);
    }
  }
}

TEST(PublishedVersions, SaysWhatItWrote) {
  MemoryDisk disk;
  const auto versions = opened(disk, setting(100));
  const Copy first = random_copy(1);
  const auto start = versions->publish(0, 0, first);
  ASSERT_TRUE(start);
  EXPECT_EQ(start->delta_bytes, 0);
  EXPECT_EQ(start->changed, start->values);
  EXPECT_EQ(start->values, 37 * 11 + 13 + 1 + 301);
  EXPECT_EQ(start->full_bytes, 2 * (37 * 11 + 301) + 4 * (13 + 1));
  auto second = std::make_shared<StateCopy>(*first);
  for (const std::size_t i : {0, 17, 400}) {
    delta_test::set(second->bits[0], 2, i, delta_test::get(second->bits[0], 2, i) ^ 1U);
  }
  const auto next = versions->publish(0, 1, second);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->changed, 3);
  EXPECT_EQ(next->anchor_bytes, 0);
  EXPECT_EQ(disk.size("run/versions/p/0000-00000001.delta").value(), next->delta_bytes);
}

TEST(PublishedVersions, AnchorsComeByCountAndByWeight) {
  MemoryDisk disk;
  const auto by_count = opened(disk, setting(3));
  Copy now = random_copy(1);
  std::vector<int> anchors;
  for (int i = 0; i < 8; ++i) {
    const auto done = by_count->publish(0, i, now);  // always the same: deltas weigh little
    ASSERT_TRUE(done);
    if (done->anchor_bytes > 0) anchors.push_back(i);
  }
  EXPECT_EQ(anchors, (std::vector<int>{0, 3, 6}));

  MemoryDisk other;
  const auto by_weight = opened(other, setting(100));
  anchors.clear();
  for (int i = 0; i < 6; ++i) {
    const auto done = by_weight->publish(0, i, random_copy(static_cast<std::uint64_t>(i)));
    ASSERT_TRUE(done);
    if (done->anchor_bytes > 0) anchors.push_back(i);
  }
  EXPECT_EQ(anchors, (std::vector<int>{0, 2, 4})) << "each delta weighs about as much as an anchor";
}

TEST(PublishedVersions, RefusesWhatIsNotBehindTheHead) {
  MemoryDisk disk;
  const auto versions = opened(disk, setting());
  const Copy now = random_copy(1);
  ASSERT_TRUE(versions->publish(2, 5, now));
  for (const auto& [incarnation, number] : {std::pair(2, 5), std::pair(2, 4), std::pair(1, 9)}) {
    const auto done = versions->publish(incarnation, number, now);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
  }
  auto other = std::make_shared<StateCopy>(*now);
  other->forms[0].name = "another";
  EXPECT_EQ(versions->publish(2, 6, other).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(versions->publish(3, 0, now)) << "a later incarnation";
}

TEST(PublishedVersions, GoesOnAfterReopening) {
  MemoryDisk disk;
  Log log = publish_some(*opened(disk, setting()), 6, 3);
  const auto versions = opened(disk, setting());
  EXPECT_EQ(versions->note(), "");
  ASSERT_TRUE(versions->shadow());
  EXPECT_EQ(versions->shadow()->bits, log.at({1, 5})->bits);
  Rng rng(9);
  log[{1, 6}] = evolve(*log.at({1, 5}), rng);
  const auto done = versions->publish(1, 6, log.at({1, 6}));
  ASSERT_TRUE(done);
  EXPECT_GT(done->delta_bytes, 0);
  expect_whole(disk, log);
}

TEST(PublishedVersions, StartsAnewWithAnAnchorWhenAPayloadIsDamaged) {
  SimulatedDisk disk;
  publish_some(*opened(disk, setting(100)), 3, 3);
  ASSERT_TRUE(disk.flip("run/versions/p/0001-00000000.anchor", 100, 2));
  const auto versions = opened(disk, setting(100));
  EXPECT_NE(versions->note().find("0001-00000000.anchor"), std::string::npos);
  Log log;
  log[{1, 3}] = random_copy(7);
  const auto done = versions->publish(1, 3, log.at({1, 3}));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->delta_bytes, 0);
  expect_whole(disk, log);

  ASSERT_TRUE(disk.flip("run/versions/p/head.json", 60, 0));
  EXPECT_EQ(PublishedVersions::open(disk, setting()).error().code, ErrorCode::kInvalid);
}

TEST(PublishedVersions, RollbackBeginsAnIncarnationThatTheLostTimelineIsNotMistakenFor) {
  MemoryDisk disk;
  const auto versions = opened(disk, setting(100));
  Log log = publish_some(*versions, 6, 4);
  PublishedFolder reader(disk, "run/versions");
  HeldVersion lost;
  ASSERT_TRUE(bring_to(reader, versions->catalogue(), versions->catalogue().head, lost));
  EXPECT_EQ(versions->rollback({1, 9, ""}).error().code, ErrorCode::kNotFound);
  const auto back = versions->rollback(find_version(versions->catalogue(), 2).value());
  ASSERT_TRUE(back) << back.error().message;
  log[{2, 2}] = log.at({1, 2});
  EXPECT_EQ(key(back->id), std::pair(std::int64_t{2}, std::int64_t{2}));
  Rng rng(5);
  log[{2, 3}] = evolve(*log.at({1, 2}), rng);
  ASSERT_TRUE(versions->publish(2, 3, log.at({2, 3})));
  expect_whole(disk, log);
  // Number 3 is now another one, and who holds the old number 5 comes along.
  const auto three = find_version(versions->catalogue(), 3);
  ASSERT_TRUE(three);
  EXPECT_EQ(three->incarnation, 2);
  ASSERT_TRUE(bring_to(reader, versions->catalogue(), versions->catalogue().head, lost));
  EXPECT_EQ(lost.state.bits, log.at({2, 3})->bits);
  // Its digest is not that of the old number 3, so the old delta from there does not fit.
  EXPECT_FALSE(
      bring_to(reader, versions->catalogue(), versions->catalogue().payloads[4].target, lost));
}

TEST(PublishedVersions, KeepsWhatIsUsedUntilItIsGivenUp) {
  MemoryDisk disk;
  const auto versions = opened(disk, setting(2, 1));
  Log log = publish_some(*versions, 2, 6);
  auto use = versions->use({1, 1, versions->catalogue().head.digest});
  ASSERT_TRUE(use);
  Rng rng(1);
  for (int i = 2; i < 9; ++i) {
    log[{1, i}] = evolve(*log.at({1, i - 1}), rng);
    ASSERT_TRUE(versions->publish(1, i, log.at({1, i})));
    expect_whole(disk, log);
    const auto kept = versions_of(versions->catalogue().payloads);
    EXPECT_TRUE(std::find(kept.begin(), kept.end(), **use) != kept.end());
  }
  const StateId id = **use;
  use->reset();
  for (int i = 9; i < 12; ++i) ASSERT_TRUE(versions->publish(1, i, log.at({1, 8})));
  const auto kept = versions_of(versions->catalogue().payloads);
  EXPECT_TRUE(std::find(kept.begin(), kept.end(), id) == kept.end());
  EXPECT_EQ(versions->use(id).error().code, ErrorCode::kNotFound);
}

TEST(PublishedVersions, TellsSubscribersOnTheStrandOnceReadersCanSeeIt) {
  MemoryDisk disk;
  const auto executor = make_virtual_executor({});
  const auto versions = opened(disk, setting());
  std::vector<std::string> heard;
  versions->subscribe(*executor, [&](const StateId& id) {
    PublishedFolder reader(disk, "run/versions");
    EXPECT_EQ(reader.catalogue("p").value().head, id);
    heard.push_back(id.text());
  });
  const auto body = [&]() -> Async<Status> {
    EXPECT_TRUE(versions->publish(0, 1, random_copy(1)));
    EXPECT_TRUE(heard.empty()) << "not from within the call";
    EXPECT_FALSE(versions->publish(0, 1, random_copy(1)));
    co_await sleep_for(*executor, kMillisecond);
    co_return Status();
  };
  ASSERT_TRUE(executor->run(body()));
  EXPECT_EQ(heard, (std::vector<std::string>{"version 1"}));
}

TEST(PublishedFolder, KnowsOnlyWhatTheHeadNames) {
  MemoryDisk disk;
  publish_some(*opened(disk, setting()), 2, 1);
  ASSERT_TRUE(disk.write("run/versions/p/secret", "x", true));
  PublishedFolder reader(disk, "run/versions");
  EXPECT_EQ(reader.policies(), (std::vector<std::string>{"p"}));
  for (const char* name : {"secret", "head.json", "../p/head.json", ""}) {
    EXPECT_EQ(reader.open("p", name).error().code, ErrorCode::kNotFound) << name;
  }
  for (const char* policy : {"q", "", "..", "../versions/p", "."}) {
    EXPECT_EQ(reader.catalogue(policy).error().code, ErrorCode::kNotFound) << policy;
  }
  EXPECT_TRUE(reader.open("p", "0001-00000001.delta"));
}

}  // namespace
}  // namespace troupe
