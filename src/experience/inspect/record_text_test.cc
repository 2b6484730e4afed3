#include "experience/inspect/record_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experience/inspect/inspect_test_support.h"

namespace troupe {
namespace {

using nlohmann::json;

const std::vector<std::string> kPolicies = {"first", "second"};

TEST(RecordText, SaysWhatHappened) {
  ReserveRecord reserve;
  reserve.key = group_key(12, 3);
  reserve.place = 40;
  reserve.task = "196";
  EXPECT_EQ(record_text(reserve, kPolicies), "group 3 of step 12: task 196, place 40");
  EndRecord end;
  end.key = group_key(1, 2);
  end.state = GroupState::kFiltered;
  end.reason = "zero variance";
  EXPECT_EQ(record_text(end, kPolicies), "group 2 of step 1: filtered, zero variance");
  TakeRecord take;
  take.policy = 1;
  take.step = 4;
  take.keys = {group_key(4, 0), group_key(4, 1)};
  EXPECT_EQ(record_text(take, kPolicies), "policy second, for step 4: 2 groups: 4/0, 4/1");
  take.policy = 7;  // a table that nobody named
  take.keys.resize(1);
  EXPECT_EQ(record_text(take, kPolicies), "policy 7, for step 4: 1 group: 4/0");
}

TEST(RecordText, JsonHasWhatTheRecordHas) {
  CoverRecord cover;
  cover.policy = 1;
  cover.step = 4;
  cover.version = 5;
  const json got = json::parse(record_json(cover, 96, kPolicies));
  EXPECT_EQ(got, json::parse(R"({"lsn": 96, "record": "cover", "policy": "second", "for_step": 4,
                                 "version": 5, "skipped": false, "reason": ""})"));
  EndRecord end;
  end.reason = "\xff not UTF-8";
  EXPECT_EQ(json::parse(record_json(end, 0, {}))["reason"], "\xef\xbf\xbd not UTF-8");
}

// Every group of a journal, with what the tests' agents said.
TEST(RecordText, GroupsHaveTheTokensThatWereSampled) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto view = read_experience(disk, kTestFolder);
  ASSERT_TRUE(view) << view.error().message;
  int rows = 0;
  for (const auto& table : (*view)->state.tables()) {
    for (const auto& [key, entry] : table->entries()) {
      const auto text = group_json(table->policy(), key, entry, &(*view)->responses);
      ASSERT_TRUE(text) << text.error().message;
      const json got = json::parse(*text);
      EXPECT_EQ(got["policy"], table->policy());
      EXPECT_EQ(got["state"], key.step < 3 ? "covered" : "ready");
      ASSERT_EQ(got["rows"].size(), 3U);
      for (int m = 0; m < 3; ++m) {
        const Trajectory want = test_trajectory(key, m, table->policy(), 4);
        const json& row = got["rows"][static_cast<std::size_t>(m)];
        EXPECT_EQ(row["sample_id"], want.sample_id);
        EXPECT_EQ(row["reward"], want.reward);
        EXPECT_EQ(row["advantage"], want.reward - 1);
        EXPECT_EQ(row["status"]["advantage"], "ready");
        EXPECT_EQ(row["segments"][0]["tokens"], want.segments[0].tokens);
        EXPECT_EQ(row["segments"][1]["tokens"], want.segments[1].tokens);
        EXPECT_EQ(row["segments"][1]["logprobs"], want.segments[1].logprobs);
        EXPECT_EQ(row["segments"][1]["version"]["number"], key.step);
        ++rows;
      }
      const json bare = json::parse(*group_json(table->policy(), key, entry, nullptr));
      EXPECT_FALSE(bare["rows"][0].contains("segments"));
    }
  }
  EXPECT_EQ(rows, 2 * 8 * 3);
}

}  // namespace
}  // namespace troupe
