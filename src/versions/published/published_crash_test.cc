#include <gtest/gtest.h>

#include <algorithm>

#include "base/disk_simulated.h"
#include "versions/published/published_test_support.h"

// Whatever call a crash or a fault hits, readers find the head before or after it, whole.

namespace troupe {
namespace {

using namespace published_test;
using Loss = SimulatedDisk::Loss;

/// A few versions with retention, a rollback, a version behind it.
struct Story {
  Log log;            ///< all that it tries to publish
  StateId done;       ///< the last that publish() or rollback() gave back; digest "": none
  StateId attempted;  ///< what the next of them would have been; its digest is not known
};

constexpr int kActs = 7;

/// The i-th act; false if it failed.
bool act(PublishedVersions& versions, Story& story, int i) {
  Rng rng(static_cast<std::uint64_t>(i));
  const StateId& head = versions.catalogue().head;
  if (i == 5) {
    story.attempted = {head.incarnation + 1, 3, ""};
    story.log[key(story.attempted)] = story.log.at({1, 3});
    const auto done = versions.rollback(find_version(versions.catalogue(), 3).value());
    if (done) story.done = done->id;
    return done.has_value();
  }
  story.attempted = {head.incarnation == 0 ? 1 : head.incarnation, head.number + 1, ""};
  Copy& now = story.log[key(story.attempted)];
  if (!now) now = versions.shadow() ? evolve(*versions.shadow(), rng) : random_copy(1);
  const auto done = versions.publish(story.attempted.incarnation, story.attempted.number, now);
  if (done) story.done = done->id;
  return done.has_value();
}

void play(Disk& disk, Story& story) {
  auto versions = PublishedVersions::open(disk, setting(2, 3));
  if (!versions) return;
  for (int i = 0; i < kActs; ++i) {
    if (!act(**versions, story, i)) return;
  }
}

TEST(PublishedCrash, LeavesTheHeadBeforeOrAfterNeverHalf) {
  SimulatedDisk whole;
  Story story;
  play(whole, story);
  ASSERT_FALSE(story.done.digest.empty());
  ASSERT_EQ(key(story.done), (std::pair<std::int64_t, std::int64_t>(2, 4)));
  std::map<bool, int> moved;
  for (std::uint64_t n = 0; n < whole.calls(); ++n) {
    SimulatedDisk disk;
    disk.crash_at(n);
    Story told;
    play(disk, told);
    for (const auto& [loss, seed] : {std::pair(Loss::kNone, 0), std::pair(Loss::kAll, 0),
                                     std::pair(Loss::kRandom, 1), std::pair(Loss::kRandom, 2)}) {
      const auto after = disk.after_crash(loss, static_cast<std::uint64_t>(seed));
      const auto versions = opened(*after, setting(2, 3));
      EXPECT_EQ(versions->note(), "") << "crash at call " << n;
      if (versions->empty()) {
        EXPECT_TRUE(told.done.digest.empty()) << "crash at call " << n;
        EXPECT_TRUE(after->list("run/versions/p").value().empty());
      } else {
        const auto head = key(versions->catalogue().head);
        const bool old = !told.done.digest.empty() && head == key(told.done);
        EXPECT_TRUE(old || head == key(told.attempted)) << "crash at call " << n;
        ++moved[!old];
        expect_whole(*after, told.log);
        ASSERT_TRUE(versions->shadow());
        EXPECT_EQ(versions->shadow()->bits, told.log.at(head)->bits);
      }
      // It goes on, in a new incarnation, as a run does.
      const std::int64_t incarnation = versions->catalogue().head.incarnation + 1;
      told.log[{incarnation, 9}] = random_copy(99);
      ASSERT_TRUE(versions->publish(incarnation, 9, told.log.at({incarnation, 9})));
      expect_whole(*after, told.log);
      told.log.erase({incarnation, 9});
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(moved[false], 10);
  EXPECT_GT(moved[true], 3) << "the head moves durably before publish() returns";
}

TEST(PublishedCrash, AfterAFaultTheSameVersionIsPublishedByTryingAgain) {
  SimulatedDisk whole;
  Story story;
  play(whole, story);
  for (std::uint64_t n = 0; n < whole.calls(); ++n) {
    for (const ErrorCode code : {ErrorCode::kNoSpace, ErrorCode::kIo}) {
      SimulatedDisk disk;
      disk.fail_call(n, code);
      auto versions = PublishedVersions::open(disk, setting(2, 3));
      if (!versions) versions = PublishedVersions::open(disk, setting(2, 3));
      ASSERT_TRUE(versions);
      Story told;
      for (int i = 0; i < kActs; ++i) {
        const Copy before = (*versions)->shadow();
        if (act(**versions, told, i)) continue;
        EXPECT_EQ((*versions)->shadow(), before) << "the shadow stays, fault at call " << n;
        expect_readable(disk, told.log);
        expect_readable(*disk.after_crash(Loss::kNone, 0), told.log);
        expect_readable(*disk.after_crash(Loss::kAll, 0), told.log);
        ASSERT_TRUE(act(**versions, told, i)) << "fault at call " << n;
      }
      EXPECT_EQ(told.done, story.done) << "fault at call " << n;
      opened(disk, setting(2, 3));  // removes what a fault of a removal left
      expect_whole(disk, told.log);
      // What was given back is durable, also after a fault before it.
      const auto after = disk.after_crash(Loss::kAll, 0);
      const auto reopened = opened(*after, setting(2, 3));
      EXPECT_EQ(reopened->catalogue().head, story.done) << "fault at call " << n;
      expect_whole(*after, told.log);
    }
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace troupe
