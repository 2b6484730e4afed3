#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "experience/inspect/verify.h"
#include "experience/store_test_support.h"

// A small journal of several segments and snapshots, for the tests of those who read it.

namespace troupe {

inline const std::string kTestFolder = "/run/experience";
inline const Wait kTestWait(60 * kSecond, "the test");

/// Four steps of two groups each, of policies a and b: all taken and covered, none retired, but for
/// the last step's groups, which are ready. The journal is closed unless `leave_open`.
inline Async<Status> live_test_run(ExperienceStore& store, bool leave_open) {
  const std::vector<std::int64_t> start(2, 0);
  Status status = store.restart(0, 0, start);
  for (std::int64_t step = 0; step < 4 && status; ++step) {
    for (int g = 0; g < 2 && status; ++g) {
      status = play_test_group(store, group_key(step, g), 3, 4);
    }
    for (int p = 0; p < 2 && step < 3 && status; ++p) {
      auto taken = co_await store.take(p, step, 2, kTestWait);
      if (!taken) co_return tl::unexpected(taken.error());
      status = store.cover(p, step, step + 1);
    }
    if (status) status = co_await store.sync(kTestWait);
  }
  if (status && !leave_open) status = co_await store.close_journal(kTestWait);
  co_return status;
}

struct TestJournal {
  std::uint64_t segment_bytes = 2500;
  bool leave_open = false;
};
inline void write_test_journal(Disk& disk, TestJournal how) {
  auto executor = make_virtual_executor({});
  auto setting = test_setting(*executor, disk);
  setting.journal.segment_bytes = how.segment_bytes;
  auto store = ExperienceStore::open(std::move(setting));
  ASSERT_TRUE(store) << store.error().message;
  const Status status = executor->run(live_test_run(**store, how.leave_open));
  ASSERT_TRUE(status) << status.error().message;
}

inline std::string first_finding(const JournalVerification& seen) {
  if (!seen.lost.empty()) return seen.lost[0];
  return seen.findings.empty() ? "" : seen.findings[0].path + ": " + seen.findings[0].what;
}

}  // namespace troupe
