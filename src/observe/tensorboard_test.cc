#include "observe/tensorboard.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

#include "observe/test_support.h"

namespace troupe {
namespace {

using testing::Collected;
using testing::sample_eval;
using testing::sample_info;
using testing::sample_step;
using testing::sample_warm_step;

/// An Event as a reader sees it.
struct Event {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string version;
  bool session_start = false;
  std::map<std::string, float> scalars;
};

/// A small protobuf reader of its own: field number -> payloads in order.
struct Message {
  std::multimap<unsigned, std::string> bytes;
  std::multimap<unsigned, std::uint64_t> numbers;
  explicit Message(std::string_view data) {
    std::size_t at = 0;
    const auto little = [&](int count) {
      std::uint64_t value = 0;
      for (int i = 0; i < count; ++i) {
        value |= std::uint64_t{static_cast<unsigned char>(data.at(at++))} << (8 * i);
      }
      return value;
    };
    const auto varint = [&] {
      std::uint64_t value = 0;
      for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(data.at(at++));
        value |= std::uint64_t{byte & 0x7FU} << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < data.size()) {
      const std::uint64_t key = varint();
      const auto field = static_cast<unsigned>(key >> 3);
      switch (key & 7) {
        case 0:
          numbers.emplace(field, varint());
          break;
        case 1:
          numbers.emplace(field, little(8));
          break;
        case 5:
          numbers.emplace(field, little(4));
          break;
        default: {
          const std::uint64_t size = varint();
          bytes.emplace(field, std::string(data.substr(at, size)));
          at += size;
        }
      }
    }
  }
};

std::uint32_t unmasked(std::uint32_t masked) {
  const std::uint32_t rotated = masked - 0xa282ead8U;
  return (rotated >> 17) | (rotated << 15);
}

std::vector<Event> read_events(const std::string& file) {
  std::vector<Event> events;
  std::size_t at = 0;
  while (at < file.size()) {
    std::uint64_t length = 0;
    std::uint32_t length_crc = 0;
    std::uint32_t data_crc = 0;
    std::memcpy(&length, file.data() + at, 8);
    std::memcpy(&length_crc, file.data() + at + 8, 4);
    EXPECT_EQ(unmasked(length_crc), crc32c(file.substr(at, 8)));
    const std::string data = file.substr(at + 12, length);
    std::memcpy(&data_crc, file.data() + at + 12 + length, 4);
    EXPECT_EQ(unmasked(data_crc), crc32c(data));
    at += 16 + length;

    const Message message(data);
    Event event;
    const std::uint64_t time = message.numbers.find(1)->second;
    std::memcpy(&event.wall_time, &time, 8);
    if (message.numbers.count(2) > 0) {
      event.step = static_cast<std::int64_t>(message.numbers.find(2)->second);
    }
    if (message.bytes.count(3) > 0) event.version = message.bytes.find(3)->second;
    event.session_start = message.bytes.count(7) > 0;
    if (message.bytes.count(5) > 0) {
      const Message summary(message.bytes.find(5)->second);
      for (const auto& [field, entry] : summary.bytes) {
        const Message value(entry);
        const auto bits = static_cast<std::uint32_t>(value.numbers.find(2)->second);
        float number = 0;
        std::memcpy(&number, &bits, 4);
        event.scalars[value.bytes.find(1)->second] = number;
      }
    }
    events.push_back(event);
  }
  return events;
}

std::vector<std::string> files_in(Disk& disk, const std::string& folder) {
  std::vector<std::string> files;
  const auto names = disk.list(folder);
  if (!names) return files;
  for (const std::string& name : *names) {
    if (name.rfind("events.out.tfevents.", 0) == 0) files.push_back(folder + "/" + name);
  }
  return files;
}

TEST(TensorBoard, WritesEveryMetricUnderItsTag) {
  MemoryDisk disk;
  Collected errors;
  Complaints complaints(errors.sink());
  TensorBoard board(disk, complaints, [] { return 1700000000.5; });
  board.on_start(sample_info());
  board.on_step(sample_warm_step(1));
  StepReport report = sample_step(3);
  report.policies[1].entropy = std::nan("");
  report.exact = {{"nash_conv", 0.5}};
  board.on_step(report);
  board.on_eval(sample_eval("step 3", 3, 0.25));
  EXPECT_EQ(errors.text, "");

  const auto files = files_in(disk, "run/tensorboard");
  ASSERT_EQ(files.size(), 1U);
  const auto events = read_events(*disk.read(files[0]));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].version, "brain.Event:2");
  EXPECT_FALSE(events[0].session_start);
  EXPECT_EQ(events[1].wall_time, 1700000000.5);
  EXPECT_EQ(events[1].step, 3);
  EXPECT_EQ(events[1].scalars.at("second/gradient_norm"), 0.25F);
  EXPECT_EQ(events[1].scalars.at("first/reward"), static_cast<float>(report.policies[0].reward));
  EXPECT_EQ(events[1].scalars.count("second/entropy"), 0U);
  EXPECT_FLOAT_EQ(events[1].scalars.at("time/wait_rollout_tail"), 0.1F);
  EXPECT_EQ(events[1].scalars.at("speed/generate_tokens_per_second"), 12345.0F);
  EXPECT_EQ(events[1].scalars.at("exact/nash_conv"), 0.5F);
  EXPECT_EQ(events[2].scalars.at("eval/success"), 0.25F);

  const auto warm = files_in(disk, "run/tensorboard/warm_start");
  ASSERT_EQ(warm.size(), 1U);
  EXPECT_EQ(read_events(*disk.read(warm[0])).size(), 2U);
}

TEST(TensorBoard, AResumedRunForgetsLaterEventsInAFileThatSortsLast) {
  MemoryDisk disk;
  Collected errors;
  Complaints complaints(errors.sink());
  // The clock stands still: the second file must sort after the first all the same.
  const auto clock = [] { return 1700000000.0; };
  {
    TensorBoard board(disk, complaints, clock);
    board.on_start(sample_info());
    for (int step = 1; step <= 8; ++step) board.on_step(sample_step(step));
  }
  RunInfo info = sample_info();
  info.resumed = true;
  info.start_step = 5;
  {
    TensorBoard board(disk, complaints, clock);
    board.on_start(info);
    for (int step = 6; step <= 9; ++step) board.on_step(sample_step(step));
  }
  const auto files = files_in(disk, "run/tensorboard");
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(read_events(*disk.read(files[0])).size(), 1U + 8);
  const auto events = read_events(*disk.read(files[1]));
  ASSERT_EQ(events.size(), 2U + 4);
  EXPECT_EQ(events[0].version, "brain.Event:2");
  EXPECT_TRUE(events[1].session_start);
  EXPECT_EQ(events[1].step, 6);
  EXPECT_EQ(events[2].step, 6);
}

TEST(TensorBoard, AFreshRunRemovesOldFiles) {
  MemoryDisk disk;
  Collected errors;
  Complaints complaints(errors.sink());
  for (int run = 0; run < 2; ++run) {
    TensorBoard board(disk, complaints, nullptr);
    board.on_start(sample_info());
    board.on_step(sample_step(1));
  }
  EXPECT_EQ(files_in(disk, "run/tensorboard").size(), 1U);
}

}  // namespace
}  // namespace troupe
