#include "versions/checkpoint.h"

#include <gtest/gtest.h>

#include "model/checkpoint_files.h"

namespace troupe {
namespace {

Checkpoint sample(std::int64_t step, std::uint64_t seed) {
  ModelConfig c;
  c.width = 8;
  c.layers = 1;
  c.heads = 2;
  c.kv_heads = 1;
  c.head_dim = 4;
  c.ffn = 8;
  std::shared_ptr<const Tokenizer> tokenizer = make_symbol_tokenizer("ab");
  c.vocab = tokenizer->size();
  c.eos = {tokenizer->end()};
  Checkpoint out;
  out.step = step;
  out.run_digest = "digest";
  out.isa = "portable";
  out.extra = R"({"best":0.5})";
  for (const char* name : {"one", "two"}) {
    PolicyCheckpoint p;
    p.policy = name;
    p.weights = std::make_shared<const Weights>(random_weights(c, seed++));
    p.reference = std::make_shared<const Weights>(random_weights(c, seed++));
    p.tokenizer = tokenizer;
    p.version = step;
    p.optimizer_steps = step + 1;
    p.skips_in_row = 2;
    p.entropy_coefficient = 0.1234567890123456789;
    const Weights moments = random_weights(c, seed++);
    p.first = moments.values;
    p.second = moments.values;
    out.policies.push_back(std::move(p));
  }
  PolicyCheckpoint& judged = out.policies.back();
  ModelConfig untied = c;
  untied.tied = false;
  judged.critic.weights = std::make_shared<const Weights>(random_weights(untied, seed++));
  judged.critic.optimizer_steps = 7;
  judged.critic.first = random_weights(untied, seed++).values;
  judged.critic.second = random_weights(untied, seed++).values;
  judged.role_baselines = {{"first", 0.1234567890123456789}, {"second", -1.0 / 3}};
  PolicyCheckpoint adapter = out.policies.front();
  adapter.policy = "three";
  adapter.adapter.settings.rank = 3;
  adapter.adapter.settings.alpha = 5;
  adapter.adapter.settings.targets = {true, false, false, false, false, true, true};
  adapter.adapter.base = "models/base";
  adapter.adapter.base_digest = out.policies.front().weights->digest();
  const auto fresh = [&] { return random_lora(c, adapter.adapter.settings, seed++); };
  adapter.weights = std::make_shared<const Weights>(fresh());
  adapter.reference = std::make_shared<const Weights>(fresh());
  adapter.first = fresh().values;
  adapter.second = fresh().values;
  out.policies.push_back(std::move(adapter));
  return out;
}

void expect_equal(const Checkpoint& got, const Checkpoint& expected) {
  EXPECT_EQ(got.step, expected.step);
  EXPECT_EQ(got.run_digest, expected.run_digest);
  EXPECT_EQ(got.isa, expected.isa);
  EXPECT_EQ(got.extra, expected.extra);
  ASSERT_EQ(got.policies.size(), expected.policies.size());
  for (std::size_t i = 0; i < got.policies.size(); ++i) {
    const PolicyCheckpoint& a = got.policies[i];
    const PolicyCheckpoint& b = expected.policies[i];
    EXPECT_EQ(a.policy, b.policy);
    EXPECT_EQ(a.adapter.settings, b.adapter.settings);
    EXPECT_EQ(a.adapter.base, b.adapter.base);
    EXPECT_EQ(a.adapter.base_digest, b.adapter.base_digest);
    EXPECT_EQ(a.weights->digest(), b.weights->digest());
    EXPECT_EQ(a.reference->digest(), b.reference->digest());
    EXPECT_EQ(a.first, b.first);
    EXPECT_EQ(a.second, b.second);
    EXPECT_EQ(a.version, b.version);
    EXPECT_EQ(a.optimizer_steps, b.optimizer_steps);
    EXPECT_EQ(a.skips_in_row, b.skips_in_row);
    EXPECT_EQ(a.entropy_coefficient, b.entropy_coefficient) << "to the bit";
    EXPECT_EQ(a.tokenizer->json(), b.tokenizer->json());
    EXPECT_EQ(a.role_baselines, b.role_baselines) << "to the bit";
    EXPECT_EQ(a.critic.weights ? a.critic.weights->digest() : "",
              b.critic.weights ? b.critic.weights->digest() : "");
    EXPECT_EQ(a.critic.optimizer_steps, b.critic.optimizer_steps);
    EXPECT_EQ(a.critic.first, b.critic.first);
    EXPECT_EQ(a.critic.second, b.critic.second);
  }
}

TEST(CheckpointStore, ComesBackToTheBit) {
  MemoryDisk disk;
  CheckpointStore store(disk, "run/checkpoints");
  ASSERT_TRUE(disk.make_folders("run/checkpoints"));
  ASSERT_TRUE(store.save(sample(40, 1)));
  const auto loaded = store.load("step-000040", "");
  ASSERT_TRUE(loaded) << loaded.error().message;
  expect_equal(*loaded, sample(40, 1));
}

TEST(CheckpointStore, ListsNewestFirstAndPrunes) {
  MemoryDisk disk;
  CheckpointStore store(disk, "c");
  EXPECT_TRUE(store.list()->empty()) << "no folder is no checkpoint, not an error";
  ASSERT_TRUE(disk.make_folders("c"));
  for (std::int64_t step : {5, 10, 15, 20}) ASSERT_TRUE(store.save(sample(step, 1)));
  ASSERT_TRUE(store.save(sample(12, 1), "best"));
  EXPECT_EQ(*store.list(),
            (std::vector<std::string>{"step-000020", "step-000015", "step-000010", "step-000005"}));
  ASSERT_TRUE(store.prune(2));
  EXPECT_EQ(*store.list(), (std::vector<std::string>{"step-000020", "step-000015"}));
  EXPECT_EQ(*store.list("best"), (std::vector<std::string>{"best-000012"}));
}

TEST(CheckpointStore, AFaultAtAnyCallLeavesThePreviousOneGood) {
  int failed = 0;
  for (int call = 0;; ++call) {
    MemoryDisk disk;
    CheckpointStore store(disk, "c");
    ASSERT_TRUE(disk.make_folders("c"));
    ASSERT_TRUE(store.save(sample(10, 1)));
    disk.fail_from(call, ErrorCode::kNoSpace);
    const auto saved = store.save(sample(20, 2));
    disk.heal();
    const auto names = store.list();
    ASSERT_TRUE(names);
    ASSERT_FALSE(names->empty()) << "call " << call;
    for (const std::string& name : *names) {
      const auto loaded = store.load(name, "");
      ASSERT_TRUE(loaded) << "call " << call << ": " << loaded.error().message;
      expect_equal(*loaded, name == "step-000010" ? sample(10, 1) : sample(20, 2));
    }
    if (saved) break;
    ++failed;
    EXPECT_EQ(saved.error().code, ErrorCode::kNoSpace);
    ASSERT_TRUE(store.save(sample(20, 2))) << "with room again the same save works";
  }
  EXPECT_GT(failed, 20);
}

TEST(CheckpointStore, NamesWhatIsDamaged) {
  MemoryDisk disk;
  CheckpointStore store(disk, "c");
  ASSERT_TRUE(disk.make_folders("c"));
  ASSERT_TRUE(store.save(sample(1, 1)));
  for (const std::string file :
       {"state.json", "policy-one/model.safetensors", "policy-two/optimizer.safetensors",
        "policy-one/config.json", "policy-two/tokenizer.json",
        "policy-one/reference/model.safetensors", "policy-three/adapter_model.safetensors",
        "policy-three/adapter_config.json", "policy-three/tokenizer.json",
        "policy-two/critic/model.safetensors", "policy-two/critic/optimizer.safetensors"}) {
    const std::string path = "c/step-000001/" + file;
    const auto good = disk.read(path);
    ASSERT_TRUE(good) << path;
    ASSERT_TRUE(disk.write(path, good->substr(0, good->size() / 2), true));
    const auto loaded = store.load("step-000001", "");
    ASSERT_FALSE(loaded) << file;
    EXPECT_NE(loaded.error().message.find(file), std::string::npos) << loaded.error().message;
    ASSERT_TRUE(disk.remove(path));
    EXPECT_FALSE(store.load("step-000001", "")) << file;
    ASSERT_TRUE(disk.write(path, *good, true));
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
    ASSERT_TRUE(disk.write(path, bytes, true));
    const auto flipped = store.load("step-000001", "");
    ASSERT_FALSE(flipped) << file;
    EXPECT_NE(flipped.error().message.find(file), std::string::npos);
    EXPECT_NE(flipped.error().message.find("digest"), std::string::npos);
    ASSERT_TRUE(disk.write(path, good, true));
  }
}

// Changes that leave a file well-formed are found too.
TEST(CheckpointStore, NoticesAChangedWord) {
  MemoryDisk disk;
  CheckpointStore store(disk, "c");
  ASSERT_TRUE(disk.make_folders("c"));
  ASSERT_TRUE(store.save(sample(1, 1)));
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
    ASSERT_TRUE(disk.write(path, bad, true));
    const auto loaded = store.load("step-000001", "");
    ASSERT_FALSE(loaded) << path;
    const std::string& message = loaded.error().message;
    EXPECT_NE(message.find(change[0].substr(change[0].find('/') + 1)), std::string::npos)
        << message;
    EXPECT_TRUE(message.ends_with("; or remove c/step-000001 to go on from an older checkpoint"))
        << message;
    ASSERT_TRUE(disk.write(path, good, true));
  }
}

}  // namespace
}  // namespace troupe
