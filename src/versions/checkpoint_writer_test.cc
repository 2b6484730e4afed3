#include "versions/checkpoint_writer.h"

#include <gtest/gtest.h>

#include "versions/checkpoint_test_support.h"

namespace troupe {
namespace {

TEST(CheckpointWriter, TrainingGoesOnWhileOneIsWritten) {
  for (const bool background : {false, true}) {
    VirtualOptions options;
    options.job_time = [](const Job&) { return kSecond; };
    const auto executor = make_virtual_executor(options);
    MemoryDisk disk;
    ASSERT_TRUE(disk.make_folders("c"));
    CheckpointStore store(disk, "c");
    CheckpointWriter writer(*executor, store, background);
    Nanos first = 0, second = 0, end = 0;
    int before = 0;
    const auto body = [&]() -> Async<Status> {
      CheckpointWriter::Task task{sample_checkpoint(1, 1), "step", {}};
      task.before = [&]() -> Async<Status> {
        ++before;
        co_return Status();
      };
      Status begun = co_await writer.write(task);
      if (!begun) co_return begun;
      first = executor->now();
      task.checkpoint.step = 2;
      begun = co_await writer.write(task);
      second = executor->now();
      Status settled = co_await writer.settle();
      end = executor->now();
      co_return settled;
    };
    ASSERT_TRUE(executor->run(body()));
    EXPECT_EQ(before, 2);
    EXPECT_EQ(first, background ? 0 : kSecond);
    EXPECT_EQ(second, background ? kSecond : 2 * kSecond) << "one at a time";
    EXPECT_EQ(end, 2 * kSecond);
    EXPECT_EQ(store.list().value().size(), 2U);
  }
}

TEST(CheckpointWriter, AnotherKindQueuesAndIsNotWaitedFor) {
  VirtualOptions options;
  options.job_time = [](const Job&) { return kSecond; };
  const auto executor = make_virtual_executor(options);
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("c"));
  CheckpointStore store(disk, "c");
  CheckpointWriter writer(*executor, store, true);
  std::vector<std::string> durable;
  std::vector<Nanos> began;
  const auto body = [&]() -> Async<Status> {
    for (const std::string kind : {"best", "step", "pool", "step"}) {
      CheckpointWriter::Task task{sample_checkpoint(1, 1), kind, {}};
      task.keep.best = {1};
      task.durable = [&durable](const SavedCheckpoint& saved, double) {
        durable.push_back(saved.place);
        return Status();
      };
      Status begun = co_await writer.write(std::move(task));
      if (!begun) co_return begun;
      began.push_back(executor->now() / kSecond);
    }
    Status settled = co_await writer.settle();
    began.push_back(executor->now() / kSecond);
    co_return settled;
  };
  ASSERT_TRUE(executor->run(body()));
  EXPECT_EQ(began, (std::vector<Nanos>{0, 0, 0, 2, 4})) << "the second step waits for the first";
  EXPECT_EQ(durable, (std::vector<std::string>{"c/best-000001", "c/step-000001", "c/pool-000001",
                                               "c/step-000001"}));
}

TEST(CheckpointWriter, NothingIsWrittenAfterAFailure) {
  const auto executor = make_virtual_executor({});
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folders("c"));
  CheckpointStore store(disk, "c");
  CheckpointWriter writer(*executor, store, true);
  int durable = 0;
  const auto body = [&]() -> Async<Status> {
    CheckpointWriter::Task task{sample_checkpoint(1, 1), "step", {}};
    task.before = []() -> Async<Status> {
      co_return fail(ErrorCode::kDeadline, "the journal is not there");
    };
    task.durable = [&](const SavedCheckpoint&, double) {
      ++durable;
      return Status();
    };
    const Status begun = co_await writer.write(task);
    EXPECT_TRUE(begun) << "nobody knows yet";
    task.before = nullptr;
    const Status later = co_await writer.write(task);
    EXPECT_FALSE(later);
    Status settled = co_await writer.settle();
    co_return settled;
  };
  const Status status = executor->run(body());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the journal is not there");
  EXPECT_EQ(durable, 0);
  EXPECT_TRUE(store.list().value().empty());
}

}  // namespace
}  // namespace troupe
