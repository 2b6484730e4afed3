#include <gtest/gtest.h>

#include "base/disk_simulated.h"
#include "base/rng.h"
#include "versions/checkpoint_test_support.h"
#include "versions/checkpoint_writer.h"

// A run writes and prunes checkpoints; the machine crashes, or the disk is full, at any call.

namespace troupe {
namespace {

using Loss = SimulatedDisk::Loss;

/// One policy, small: only the files count here. Every other step changes nothing.
Checkpoint at_step(std::int64_t step) {
  Checkpoint out = sample_checkpoint(step, 1);
  out.policies.erase(out.policies.begin() + 1, out.policies.end());
  PolicyCheckpoint& policy = out.policies.front();
  auto weights = std::make_shared<Weights>(*policy.weights);
  weights->values[0] = static_cast<float>(step / 2);
  policy.weights = weights;
  policy.first[0] = static_cast<float>(step / 2);
  return out;
}

struct Seen {
  std::int64_t retired = -1;  ///< the newest step that was said to be durable
  Status status;
};

/// What a run does: a checkpoint per step, a best one in between, the oldest pruned.
Async<Status> run(Executor& executor, CheckpointWriter& writer, Seen& seen) {
  for (std::int64_t step = 0; step < 5 && writer.status(); ++step) {
    if (step == 2 || step == 3) {
      CheckpointWriter::Task best{at_step(step), "best", {}};
      best.keep.best = {2, step};
      Status begun = co_await writer.write(std::move(best));
      if (!begun) break;
    }
    CheckpointWriter::Task task{at_step(step), "step", {}};
    task.keep.every = 2;
    task.keep.newest = 1;
    task.keep.best = {step < 3 ? 2 : 3};
    task.durable = [&seen, step](const SavedCheckpoint&, double) {
      seen.retired = step;
      return Status();
    };
    Status begun = co_await writer.write(std::move(task));
    if (!begun) break;
    co_await sleep_for(executor, kMillisecond);  // a step of training
  }
  seen.status = co_await writer.settle();
  co_return Status();
}

Seen run_on(Disk& disk, bool background, std::uint64_t seed) {
  VirtualOptions options;
  options.seed = seed;
  const auto executor = make_virtual_executor(options);
  CheckpointStore store(disk, "c");
  CheckpointWriter writer(*executor, store, background);
  Seen seen;
  EXPECT_TRUE(executor->run(run(*executor, writer, seen)));
  return seen;
}

/// Everything that is listed is whole, and at least `retired` is there.
void expect_good(Disk& disk, const Seen& seen) {
  CheckpointStore store(disk, "c");
  for (const char* kind : {"step", "best"}) {
    const auto names = store.list(kind);
    ASSERT_TRUE(names);
    for (const std::string& name : *names) {
      const auto loaded = store.load(name, "");
      ASSERT_TRUE(loaded) << loaded.error().message;
      expect_equal(*loaded, at_step(CheckpointName::parse(name)->step));
    }
  }
  const auto steps = store.list("step").value();
  const std::int64_t newest = steps.empty() ? -1 : CheckpointName::parse(steps[0])->step;
  ASSERT_GE(newest, seen.retired);
  // What a resume does next works, and clears what lies about.
  ASSERT_TRUE(store.save(at_step(newest + 1)));
  KeepRules rules;
  rules.newest = 1;
  ASSERT_TRUE(store.prune(rules));
  const auto left = disk.list("c").value();
  ASSERT_EQ(left, std::vector<std::string>{(CheckpointName{"step", newest + 1}.text())});
}

std::unique_ptr<SimulatedDisk> fresh_disk() {
  auto disk = std::make_unique<SimulatedDisk>(1);
  EXPECT_TRUE(disk->make_folders("c"));
  return disk;
}

class CheckpointCrash : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Ways, CheckpointCrash, ::testing::Bool(), [](const auto& one) {
  return std::string(one.param ? "background" : "foreground");
});

TEST_P(CheckpointCrash, LeavesWholeCheckpointsAndWhatWasRetired) {
  std::int64_t most = -1;
  for (std::uint64_t call = 1;; ++call) {
    const auto disk = fresh_disk();
    disk->crash_at(call);
    const Seen seen = run_on(*disk, GetParam(), call);
    most = std::max(most, seen.retired);
    for (std::uint64_t i = 0; i < 6; ++i) {
      const Loss loss = i == 0 ? Loss::kNone : i == 1 ? Loss::kAll : Loss::kRandom;
      SCOPED_TRACE(::testing::Message() << "call " << call << ", loss " << i);
      expect_good(*disk->after_crash(loss, seed_join(call, i)), seen);
      if (HasFatalFailure()) return;
    }
    if (!disk->crashed()) {
      EXPECT_GT(call, 100U) << "every call of the run was the last one once";
      break;
    }
    EXPECT_FALSE(seen.status && seen.retired < 4) << "a crash is an error";
  }
  EXPECT_EQ(most, 4);
}

TEST_P(CheckpointCrash, AFullDiskLeavesThemToo) {
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE(call);
    const auto disk = fresh_disk();
    disk->fail_call(call, ErrorCode::kNoSpace);
    const Seen seen = run_on(*disk, GetParam(), call);
    EXPECT_TRUE(seen.status || seen.status.error().code == ErrorCode::kNoSpace);
    if (disk->calls() <= call) {
      EXPECT_TRUE(seen.status) << "nothing has failed";
      break;
    }
    expect_good(*disk, seen);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace troupe
