#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/disk_layer.h"
#include "versions/checkpoint_store.h"
#include "versions/checkpoint_test_support.h"

// What did not change since an earlier checkpoint is not written again.

namespace troupe {
namespace {

/// Counts the bytes that are written; at will a file system without links.
class CountingDisk final : public DiskLayer {
 public:
  using DiskLayer::DiskLayer;
  Status write(const std::string& path, std::string_view bytes, bool durable) override {
    if (!path.ends_with("state.json")) written += bytes.size();
    return DiskLayer::write(path, bytes, durable);
  }
  Status link(const std::string& from, const std::string& to) override {
    if (!links) return fail(ErrorCode::kIo, "no links here");
    return DiskLayer::link(from, to);
  }
  std::uint64_t written = 0;
  bool links = true;
};

/// The next checkpoint of a run: policy "one" has trained, the others have not.
Checkpoint next(Checkpoint checkpoint, std::int64_t step) {
  checkpoint.step = step;
  PolicyCheckpoint& one = checkpoint.policies.front();
  auto weights = std::make_shared<Weights>(*one.weights);
  weights->values[0] += static_cast<float>(step);
  one.weights = weights;
  one.first[0] += 1;
  return checkpoint;
}

class CheckpointLinks : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(memory_.make_folders("c")); }
  std::string name(std::int64_t step) { return CheckpointName{"step", step}.text(); }

  MemoryDisk memory_;
  CountingDisk disk_{memory_};
};

TEST_F(CheckpointLinks, OnlyWhatChangedIsWritten) {
  CheckpointStore store(disk_, "c");
  const Checkpoint first = sample_checkpoint(1, 1);
  ASSERT_TRUE(store.save(first));
  disk_.written = 0;
  const Checkpoint second = next(first, 2);
  const auto saved = store.save(second);
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ(saved->written, disk_.written);
  EXPECT_EQ(disk_.written,
            memory_.size("c/step-000002/policy-one/model.safetensors").value() +
                memory_.size("c/step-000002/policy-one/optimizer.safetensors").value());
  EXPECT_GT(saved->linked, 4 * saved->written) << "the reference, the others, the forms";
  const auto summary = store.summary(name(2));
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->written, saved->written);
  EXPECT_EQ(summary->linked, saved->linked);

  // The first one goes; the second has all that it links.
  KeepRules rules;
  rules.newest = 1;
  ASSERT_TRUE(store.prune(rules));
  const auto loaded = CheckpointStore(memory_, "c").load(name(2), "");
  ASSERT_TRUE(loaded) << loaded.error().message;
  expect_equal(*loaded, second);
  // And it is what the third links to.
  const auto third = store.save(next(second, 3));
  ASSERT_TRUE(third);
  EXPECT_EQ(third->written, saved->written);
}

TEST_F(CheckpointLinks, AFolderIsTheSameWithAndWithoutLinks) {
  const Checkpoint first = sample_checkpoint(1, 1);
  const Checkpoint second = next(first, 2);
  CheckpointStore store(disk_, "c");
  ASSERT_TRUE(store.save(first));
  ASSERT_TRUE(store.save(second));
  ASSERT_TRUE(memory_.make_folders("d"));
  disk_.links = false;
  CheckpointStore plain(disk_, "d");
  ASSERT_TRUE(plain.save(first));
  disk_.written = 0;
  const auto saved = plain.save(second);
  ASSERT_TRUE(saved) << "a file system without links";
  EXPECT_EQ(saved->linked, 0U);
  EXPECT_EQ(saved->written, disk_.written);
  for (const char* file : {"policy-one/model.safetensors", "policy-one/reference/config.json",
                           "policy-two/critic/model.safetensors", "policy-two/tokenizer.json",
                           "policy-three/adapter_model.safetensors"}) {
    EXPECT_EQ(memory_.read(std::string("c/step-000002/") + file).value(),
              memory_.read(std::string("d/step-000002/") + file).value())
        << file;
  }
}

// A process that goes on links to what it read, and so checked, itself; to nothing else.
TEST_F(CheckpointLinks, OnlyVerifiedFilesAreLinkedTo) {
  const Checkpoint first = sample_checkpoint(1, 1);
  ASSERT_TRUE(CheckpointStore(disk_, "c").save(first));
  const std::string path = "c/step-000001/policy-two/reference/model.safetensors";
  const std::string good = memory_.read(path).value();
  std::string bad = good;
  bad.back() = static_cast<char>(bad.back() ^ 1);
  ASSERT_TRUE(memory_.write(path, bad, true));

  CheckpointStore fresh(disk_, "c");
  ASSERT_FALSE(fresh.load(name(1), "")) << "it is damaged";
  ASSERT_TRUE(fresh.save(next(first, 2)));
  EXPECT_TRUE(fresh.load(name(2), "")) << "the damage was not linked to";
  ASSERT_TRUE(memory_.write(path, good, true));

  CheckpointStore resumed(disk_, "c");
  ASSERT_TRUE(resumed.load(name(2), ""));
  disk_.written = 0;
  const auto third = resumed.save(next(first, 3));
  ASSERT_TRUE(third);
  EXPECT_GT(third->linked, 4 * third->written);
  EXPECT_EQ(third->written, disk_.written);
}

TEST_F(CheckpointLinks, DamageOfALinkedFileIsSeenInEveryCheckpoint) {
  CheckpointStore store(disk_, "c");
  const Checkpoint first = sample_checkpoint(1, 1);
  ASSERT_TRUE(store.save(first));
  ASSERT_TRUE(store.save(next(first, 2)));
  const std::string path = "policy-one/reference/model.safetensors";
  std::string bytes = memory_.read("c/step-000001/" + path).value();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  ASSERT_TRUE(memory_.write("c/step-000001/" + path, bytes, true));
  for (const std::int64_t step : {1, 2}) {
    const auto loaded = store.load(name(step), "");
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find(path), std::string::npos) << loaded.error().message;
  }
}

TEST_F(CheckpointLinks, EveryFileIsRecordedWithItsDigest) {
  CheckpointStore store(disk_, "c");
  ASSERT_TRUE(store.save(sample_checkpoint(1, 1)));
  const std::string state = memory_.read("c/step-000001/state.json").value();
  for (const char* file : {"policy-one/generation_config.json", "policy-one/tokenizer_config.json",
                           "policy-two/optimizer.safetensors", "policy-three/tokenizer.json"}) {
    const std::string path = std::string("c/step-000001/") + file;
    const std::string good = memory_.read(path).value();
    EXPECT_NE(state.find(Digest().add(good).hex()), std::string::npos) << file;
    ASSERT_TRUE(write_atomic(memory_, path, good + " "));
    const auto loaded = store.load(name(1), "");
    ASSERT_FALSE(loaded) << file;
    EXPECT_NE(loaded.error().message.find(file), std::string::npos) << loaded.error().message;
    ASSERT_TRUE(write_atomic(memory_, path, good));
  }
}

TEST_F(CheckpointLinks, ADamagedOneIsSetAsideWithItsFiles) {
  CheckpointStore store(disk_, "c");
  const Checkpoint first = sample_checkpoint(1, 1);
  ASSERT_TRUE(store.save(first));
  ASSERT_TRUE(store.save(next(first, 2)));
  ASSERT_TRUE(store.set_aside(name(2)));
  EXPECT_EQ(store.list().value(), std::vector<std::string>{name(1)});
  EXPECT_TRUE(memory_.exists("c/step-000002.damaged/state.json"));
  KeepRules rules;
  rules.newest = 1;
  ASSERT_TRUE(store.prune(rules));
  EXPECT_TRUE(memory_.exists("c/step-000002.damaged/state.json"));
  const auto again = store.save(next(first, 2));
  ASSERT_TRUE(again) << again.error().message;
  expect_equal(*store.load(name(2), ""), next(first, 2));
}

}  // namespace
}  // namespace troupe
