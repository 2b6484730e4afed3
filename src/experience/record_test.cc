#include "experience/record.h"

#include <gtest/gtest.h>

#include "experience/store_test_support.h"

namespace troupe {
namespace {

/// A frame of a journal that holds `record`.
std::string frame_of(StoreRecord record) {
  std::string bytes;
  const std::size_t at = begin_frame(bytes);
  ByteWriter out(bytes);
  encode(out, record);
  end_frame(bytes, at, 0, record_type(record));
  return bytes;
}

template <class Record>
Result<StoreRecord> round_trip(Record record) {
  const std::string bytes = frame_of(std::move(record));
  const auto frame = read_frame(bytes, 0);
  if (!frame) return fail(ErrorCode::kInternal, "no frame");
  return decode(*frame);
}

StateRecord state_record() {
  StateRecord out;
  out.key = group_key(3, 4);
  out.policy = 1;
  out.state = GroupState::kFiltered;
  out.task = "a task";
  out.members = {2, 0, 1};
  out.ready_at = 99;
  out.step = 7;
  out.reason = "zero variance";
  return out;
}

TEST(StoreRecord, ReadsWhatItWrote) {
  const auto read = round_trip(state_record());
  ASSERT_TRUE(read) << read.error().message;
  const auto& got = std::get<StateRecord>(*read);
  EXPECT_EQ(got.key, group_key(3, 4));
  EXPECT_EQ(got.state, GroupState::kFiltered);
  EXPECT_EQ(got.members, (std::vector<std::int32_t>{2, 0, 1}));
  EXPECT_EQ(got.reason, "zero variance");
  EXPECT_EQ(got.step, 7);
}

TEST(StoreRecord, ARowKeepsItsContextAndWhatItsAnswersEarned) {
  Trajectory trajectory = test_trajectory(group_key(0, 0), 3, "a");
  trajectory.context = 2;
  trajectory.segments.back().reward = 0.125;
  RowsRecord rows;
  rows.rows.emplace_back(0, make_row(trajectory));
  const auto read = round_trip(rows);
  ASSERT_TRUE(read) << read.error().message;
  const Row& row = std::get<RowsRecord>(*read).rows.at(0).second;
  EXPECT_EQ(row.context, 2);
  EXPECT_EQ(row.member, 3);
  const auto got = read_row(row, *rows.rows[0].second.response.bytes);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->context, 2);
  ASSERT_TRUE(got->segments.back().sampled);
  EXPECT_EQ(got->segments.back().reward, 0.125);
}

// A checksum says that bytes are as they were written, not that this version can have written them.
TEST(StoreRecord, StatesColumnsAndStatusThatDoNotExistAreRefused) {
  StateRecord state = state_record();
  state.state = static_cast<GroupState>(kGroupStates);
  EXPECT_FALSE(round_trip(state));
  ColumnRecord column;
  column.column = Column::kAdvantage;
  EXPECT_TRUE(round_trip(column));
  column.column = static_cast<Column>(kColumns);
  EXPECT_FALSE(round_trip(column));
  RowsRecord rows;
  rows.rows.emplace_back(0, make_row(test_trajectory(group_key(0, 0), 0, "a")));
  EXPECT_TRUE(round_trip(rows));
  rows.rows[0].second.status[1] = static_cast<ColumnStatus>(3);
  EXPECT_FALSE(round_trip(rows));
}

// Whatever the payload, decode() ends, and reads no byte that is not there.
TEST(StoreRecord, ShortenedAndLengthenedRecordsAreRefused) {
  RowsRecord rows;
  rows.rows.emplace_back(0, make_row(test_trajectory(group_key(0, 0), 0, "a")));
  for (const StoreRecord& record :
       {StoreRecord(state_record()), StoreRecord(std::move(rows)), StoreRecord(RetireRecord{3})}) {
    const std::string bytes = frame_of(record);
    const auto frame = read_frame(bytes, 0);
    ASSERT_TRUE(frame);
    const std::string payload(frame->payload);
    for (std::size_t size = 0; size <= payload.size() + 1; ++size) {
      const std::string changed = (payload + "x").substr(0, size);
      const auto read = decode(Frame{0, frame->type, changed, 0});
      EXPECT_EQ(read.has_value(), size == payload.size()) << record_name(record) << " " << size;
    }
  }
  EXPECT_FALSE(decode(Frame{0, 15, "", 0}));
  EXPECT_FALSE(decode(Frame{0, 32, "", 0}));
  EXPECT_STREQ(record_name(std::uint8_t{31}), "batch");
  EXPECT_STREQ(record_name(std::uint8_t{32}), "?");
}

}  // namespace
}  // namespace troupe
