#include "experience/inspect/inspect.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/digest.h"
#include "experience/inspect/inspect_test_support.h"

namespace troupe {
namespace {

TEST(InspectExperience, TakesARunsFolderOrThatOfItsExperience) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  for (const std::string given : {"/run", "/run/", "/run/experience", "/run/experience//"}) {
    const auto found = find_experience(disk, given);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->run, "/run");
    EXPECT_EQ(found->journal, "/run/experience");
  }
}

TEST(InspectExperience, SaysWhatIsMissing) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("/other"));
  ASSERT_TRUE(disk.make_folders("/memory"));
  ASSERT_TRUE(disk.write("/memory/run.toml", "", false));
  EXPECT_NE(find_experience(disk, "/none").error().message.find("no such folder"),
            std::string::npos);
  EXPECT_NE(find_experience(disk, "/other").error().message.find("neither a run's folder"),
            std::string::npos);
  EXPECT_NE(find_experience(disk, "/memory").error().message.find("experience.store"),
            std::string::npos);
}

// A run's own selector may let a step take groups that were admitted for another: the journal says
// which, and whoever only reads it comes to the same state.
TEST(InspectExperience, ReadsARunWhoseStepsTakeAnyGroups) {
  /// The newest first, whichever step asks.
  class Newest final : public Selector {
   public:
    [[nodiscard]] const char* name() const override { return "newest"; }
    [[nodiscard]] bool bound_to_step() const override { return false; }
    void insert(const Candidate& c) override { ready_.push_back(c.key); }
    void erase(const Candidate& c) override { std::erase(ready_, c.key); }
    [[nodiscard]] std::optional<GroupKey> next(std::int64_t) const override {
      if (ready_.empty()) return std::nullopt;
      return *std::max_element(ready_.begin(), ready_.end());
    }
    std::vector<GroupKey> ready_;
  };
  MemoryDisk disk;
  auto executor = make_virtual_executor({});
  auto setting = test_setting(*executor, disk, {"a"});
  setting.policies[0].selector = std::make_unique<Newest>();
  auto store = ExperienceStore::open(std::move(setting));
  ASSERT_TRUE(store) << store.error().message;
  const auto live = [](ExperienceStore& s) -> Async<Status> {
    Status status;
    for (std::int64_t step = 0; step < 4 && status; ++step) {
      status = play_test_group(s, group_key(step, 0), 2);
    }
    for (std::int64_t step = 0; step < 3 && status; ++step) {
      auto taken = co_await s.take(0, step, 1, kTestWait);
      if (!taken) co_return tl::unexpected(taken.error());
      EXPECT_EQ((*taken)[0]->key.step, 3 - step);
      status = s.cover(0, step, step + 1);
    }
    if (status) status = s.retire(2);
    if (status) status = co_await s.close_journal(kTestWait);
    co_return status;
  };
  const Status status = executor->run(live(**store));
  ASSERT_TRUE(status) << status.error().message;
  const auto view = read_experience(disk, kTestFolder);
  ASSERT_TRUE(view) << view.error().message;
  const ExperienceTable& own = (*store)->table(0);
  const ExperienceTable& read = (*view)->state.table(0);
  EXPECT_EQ(own.used(), 4);
  EXPECT_EQ(read.used(), own.used());
  EXPECT_EQ(read.used_digest(), own.used_digest());
  for (std::size_t s = 0; s < kGroupStates; ++s) {
    const auto state = static_cast<GroupState>(s);
    EXPECT_EQ(read.held(state), own.held(state)) << to_string(state);
    EXPECT_EQ(read.entered(state), own.entered(state)) << to_string(state);
  }
}

TEST(InspectExperience, AJournalOfANewerFormatIsNamedAsSuch) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const std::string path = segment_path(kTestFolder, 1);
  std::string bytes = *disk.read(path);
  bytes[16] = 3;  // the format, behind checksum and magic
  const std::uint64_t sum =
      checksum64(std::string_view(bytes).substr(8, kSegmentHeader - 8), 0x5345474d454e54);
  std::string checksum;
  ByteWriter(checksum).number(sum);
  bytes.replace(0, checksum.size(), checksum);
  ASSERT_TRUE(disk.write(path, bytes, false));
  for (const Error& error :
       {read_experience(disk, kTestFolder).error(), verify_journal(disk, kTestFolder).error()}) {
    EXPECT_EQ(error.code, ErrorCode::kInvalid);
    EXPECT_NE(error.message.find(path + ": a journal of format 3"), std::string::npos)
        << error.message;
  }
}

}  // namespace
}  // namespace troupe
