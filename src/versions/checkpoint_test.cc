#include "versions/checkpoint_store.h"

#include <gtest/gtest.h>

#include "base/disk_simulated.h"
#include "versions/checkpoint_test_support.h"

namespace troupe {
namespace {

TEST(CheckpointStore, ComesBackToTheBit) {
  MemoryDisk disk;
  CheckpointStore store(disk, "run/checkpoints");
  ASSERT_TRUE(disk.make_folders("run/checkpoints"));
  ASSERT_TRUE(store.save(sample_checkpoint(40, 1)));
  const auto loaded = store.load("step-000040", "");
  ASSERT_TRUE(loaded) << loaded.error().message;
  expect_equal(*loaded, sample_checkpoint(40, 1));
}

TEST(CheckpointStore, ListsNewestFirstAndPrunes) {
  MemoryDisk disk;
  CheckpointStore store(disk, "c");
  EXPECT_TRUE(store.list()->empty()) << "no folder is no checkpoint, not an error";
  ASSERT_TRUE(disk.make_folders("c"));
  for (std::int64_t step : {5, 10, 15, 20}) ASSERT_TRUE(store.save(sample_checkpoint(step, 1)));
  ASSERT_TRUE(store.save(sample_checkpoint(12, 1), "best"));
  EXPECT_EQ(*store.list(),
            (std::vector<std::string>{"step-000020", "step-000015", "step-000010", "step-000005"}));
  KeepRules rules;
  rules.best = {12};
  ASSERT_TRUE(store.prune(rules));
  EXPECT_EQ(*store.list(), (std::vector<std::string>{"step-000020", "step-000015"}));
  EXPECT_EQ(*store.list("best"), (std::vector<std::string>{"best-000012"}));
}

TEST(CheckpointStore, AFaultAtAnyCallLeavesThePreviousOneGood) {
  int failed = 0;
  for (int call = 0;; ++call) {
    MemoryDisk disk;
    CheckpointStore store(disk, "c");
    ASSERT_TRUE(disk.make_folders("c"));
    ASSERT_TRUE(store.save(sample_checkpoint(10, 1)));
    disk.fail_from(call, ErrorCode::kNoSpace);
    const auto saved = store.save(sample_checkpoint(20, 2));
    disk.heal();
    const auto names = store.list();
    ASSERT_TRUE(names);
    ASSERT_FALSE(names->empty()) << "call " << call;
    for (const std::string& name : *names) {
      const auto loaded = store.load(name, "");
      ASSERT_TRUE(loaded) << "call " << call << ": " << loaded.error().message;
      expect_equal(*loaded,
                   name == "step-000010" ? sample_checkpoint(10, 1) : sample_checkpoint(20, 2));
    }
    if (saved) break;
    ++failed;
    EXPECT_EQ(saved.error().code, ErrorCode::kNoSpace);
    ASSERT_TRUE(store.save(sample_checkpoint(20, 2))) << "with room again the same save works";
  }
  EXPECT_GT(failed, 20);
}

// A process that died between the two calls that put a checkpoint in its place leaves one that the
// machine may still forget.
TEST(CheckpointStore, WhatASettledStoreListsSurvivesTheMachine) {
  using Loss = SimulatedDisk::Loss;
  const auto save_two = [](Disk& disk) {
    EXPECT_TRUE(disk.make_folders("/c"));
    CheckpointStore store(disk, "/c");
    EXPECT_TRUE(store.save(sample_checkpoint(1, 1)));
    return store.save(sample_checkpoint(2, 2)).has_value();
  };
  SimulatedDisk whole;
  ASSERT_TRUE(save_two(whole));
  for (const bool settles : {false, true}) {
    SimulatedDisk disk;
    disk.crash_at(whole.calls() - 1);
    EXPECT_FALSE(save_two(disk));
    const auto restarted = disk.after_crash(Loss::kNone, 1);
    CheckpointStore again(*restarted, "/c");
    EXPECT_EQ(again.list()->front(), "step-000002");
    if (settles) {
      ASSERT_TRUE(again.settle());
    }
    const auto rebooted = restarted->after_crash(Loss::kAll, 1);
    EXPECT_EQ(CheckpointStore(*rebooted, "/c").list()->front(),
              settles ? "step-000002" : "step-000001");
  }
}

// Files are damaged by replacing them: in place, all that share them would be.
TEST(CheckpointStore, NamesWhatIsDamaged) {
  MemoryDisk disk;
  CheckpointStore store(disk, "c");
  ASSERT_TRUE(disk.make_folders("c"));
  ASSERT_TRUE(store.save(sample_checkpoint(1, 1)));
  for (const std::string file :
       {"state.json", "policy-one/model.safetensors", "policy-two/optimizer.safetensors",
        "policy-one/config.json", "policy-two/tokenizer.json",
        "policy-one/reference/model.safetensors", "policy-three/adapter_model.safetensors",
        "policy-three/adapter_config.json", "policy-three/tokenizer.json",
        "policy-two/critic/model.safetensors", "policy-two/critic/optimizer.safetensors"}) {
    const std::string path = "c/step-000001/" + file;
    const auto good = disk.read(path);
    ASSERT_TRUE(good) << path;
    ASSERT_TRUE(write_atomic(disk, path, good->substr(0, good->size() / 2)));
    const auto loaded = store.load("step-000001", "");
    ASSERT_FALSE(loaded) << file;
    EXPECT_NE(loaded.error().message.find(file), std::string::npos) << loaded.error().message;
    ASSERT_TRUE(disk.remove(path));
    EXPECT_FALSE(store.load("step-000001", "")) << file;
    ASSERT_TRUE(write_atomic(disk, path, *good));
  }
  // A single flipped bit in the numbers is found by the digest.
  for (const std::string file :
       {"policy-two/model.safetensors", "policy-one/optimizer.safetensors",
        "policy-two/reference/model.safetensors", "policy-three/adapter_model.safetensors",
        "policy-three/reference/adapter_model.safetensors", "policy-two/critic/model.safetensors",
        "policy-two/critic/optimizer.safetensors"}) {
    const std::string path = "c/step-000001/" + file;
    const std::string good = *disk.read(path);
    std::string bytes = good;
    bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
    ASSERT_TRUE(write_atomic(disk, path, bytes));
    const auto flipped = store.load("step-000001", "");
    ASSERT_FALSE(flipped) << file;
    EXPECT_NE(flipped.error().message.find(file), std::string::npos);
    EXPECT_NE(flipped.error().message.find("digest"), std::string::npos);
    ASSERT_TRUE(write_atomic(disk, path, good));
  }
}

// Changes that leave a file well-formed are found too.
TEST(CheckpointStore, NoticesAChangedWord) {
  MemoryDisk disk;
  CheckpointStore store(disk, "c");
  ASSERT_TRUE(disk.make_folders("c"));
  ASSERT_TRUE(store.save(sample_checkpoint(1, 1)));
  const std::vector<std::vector<std::string>> changes = {
      {"state.json", "\"skips_in_row\": 2", "\"skips_in_row\": 3"},
      {"policy-one/config.json", "10000", "20000"},
      {"policy-three/adapter_config.json", "\"lora_alpha\": 5", "\"lora_alpha\": 6"},
      {"policy-two/tokenizer.json", "\"a\"", "\"c\""}};
  for (const auto& change : changes) {
    const std::string path = "c/step-000001/" + change[0];
    const std::string good = *disk.read(path);
    std::string bad = good;
    const auto at = bad.find(change[1]);
    ASSERT_NE(at, std::string::npos) << good;
    bad.replace(at, change[1].size(), change[2]);
    ASSERT_TRUE(write_atomic(disk, path, bad));
    const auto loaded = store.load("step-000001", "");
    ASSERT_FALSE(loaded) << path;
    const std::string& message = loaded.error().message;
    EXPECT_NE(message.find(change[0].substr(change[0].find('/') + 1)), std::string::npos)
        << message;
    EXPECT_TRUE(message.ends_with("; or remove c/step-000001 to go on from an older checkpoint"))
        << message;
    ASSERT_TRUE(write_atomic(disk, path, good));
  }
}

}  // namespace
}  // namespace troupe
