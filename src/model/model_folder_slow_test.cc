#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "model/checkpoint_files.h"

namespace troupe {
namespace {

/// A line of /proc/self/status in bytes, e.g. VmHWM, the most memory that was ever resident.
std::uint64_t status_bytes(Disk& disk, const std::string& name) {
  const std::string text = disk.read("/proc/self/status").value();
  const std::size_t at = text.find(name + ":");
  return std::strtoull(text.c_str() + at + name.size() + 1, nullptr, 10) * 1024;
}

// 100 MB of weights, so that what else the process does is small beside them. A second copy of them
// would be as much again.
TEST(ModelFolderMemory, ReadingTakesTheWeightsOwnBytesAndLittleMore) {
  ModelConfig config;
  config.vocab = 1000;
  config.width = 512;
  config.layers = 12;
  config.heads = 8;
  config.kv_heads = 8;
  config.head_dim = 64;
  config.ffn = 1024;
  const auto disk = make_posix_disk();
  const std::string folder = ::testing::TempDir() + "troupe-model-folder-memory";
  ASSERT_TRUE(disk->remove(folder));
  ASSERT_TRUE(disk->make_folders(folder));
  std::uint64_t weight_bytes = 0;
  {
    const Weights weights = random_weights(config, 3);
    weight_bytes = weights.values.size() * sizeof(float);
    ASSERT_TRUE(write_model_folder(*disk, folder, weights, *make_symbol_tokenizer("abc")));
  }
  ASSERT_GT(weight_bytes, 100'000'000U);
  ASSERT_TRUE(disk->append("/proc/self/clear_refs", "5"));  // VmHWM starts again from here
  const std::uint64_t before = status_bytes(*disk, "VmRSS");
  const auto model = read_model_folder(*disk, folder, "");
  ASSERT_TRUE(model) << model.error().message;
  const std::uint64_t most = status_bytes(*disk, "VmHWM") - before;
  RecordProperty("times_weights", std::to_string(static_cast<double>(most) / weight_bytes));
  EXPECT_GT(most, weight_bytes * 9 / 10);
  EXPECT_LT(most, weight_bytes * 14 / 10) << most << " of " << weight_bytes;
  EXPECT_TRUE(disk->remove(folder));
}

}  // namespace
}  // namespace troupe
