#include "versions/transfer/version_file.h"

#include <gtest/gtest.h>

#include "base/disk_simulated.h"
#include "model/safetensors.h"
#include "versions/delta/encode.h"

namespace troupe {
namespace {

HeldVersion some_version(std::int64_t number) {
  HeldVersion out;
  out.state.forms = {{"b.weight", Dtype::kBf16, {2, 3}}, {"a.weight", Dtype::kFp32, {2}}};
  out.state.bits = {std::string(12, static_cast<char>(number)), "12345678"};
  out.id = {1, number, digest_of(out.state.tensors())};
  return out;
}

TEST(VersionFile, KeepsAVersionToTheBit) {
  MemoryDisk disk;
  const HeldVersion held = some_version(7);
  ASSERT_TRUE(save_version(disk, "model.safetensors", "p", held));
  const auto loaded = load_version(disk, "model.safetensors");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->policy, "p");
  EXPECT_EQ(loaded->held.id, held.id);
  EXPECT_EQ(loaded->held.state.forms, held.state.forms);
  EXPECT_EQ(loaded->held.state.bits, held.state.bits);
  // Other readers need nothing of ours.
  const std::string bytes = *disk.read("model.safetensors");
  const auto file = parse_safetensors(bytes);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->find("a.weight")->bytes, "12345678");
}

TEST(VersionFile, FindsEveryFlippedBit) {
  SimulatedDisk disk;
  ASSERT_TRUE(save_version(disk, "m", "p", some_version(7)));
  const std::uint64_t size = *disk.size("m");
  int same = 0;  // spaces that fill the header, the policy's name and the like
  for (std::uint64_t at = 0; at < size; ++at) {
    ASSERT_TRUE(disk.flip("m", at, 1));
    const auto loaded = load_version(disk, "m");
    if (loaded) {
      ++same;
      EXPECT_EQ(loaded->held.state.bits, some_version(7).state.bits) << at;
      EXPECT_EQ(loaded->held.id, some_version(7).id) << at;
      EXPECT_EQ(loaded->policy, "p") << at;
    }
    ASSERT_TRUE(disk.flip("m", at, 1));
  }
  EXPECT_LT(same, 80);
  EXPECT_EQ(load_version(disk, "none").error().code, ErrorCode::kNotFound);
}

TEST(VersionFile, ACrashLeavesTheOldOneOrTheNewOne) {
  for (std::uint64_t n = 0; n < 12; ++n) {
    for (const auto loss :
         {SimulatedDisk::Loss::kNone, SimulatedDisk::Loss::kAll, SimulatedDisk::Loss::kRandom}) {
      SimulatedDisk disk;
      ASSERT_TRUE(save_version(disk, "m", "p", some_version(1)));
      disk.crash_at(disk.calls() + n);
      const Status saved = save_version(disk, "m", "p", some_version(2));
      const auto after = disk.after_crash(loss, n);
      const auto found = load_version(*after, "m");
      ASSERT_TRUE(found) << n << ": " << found.error().message;
      EXPECT_GE(found->held.id.number, saved ? 2 : 1);
      ASSERT_TRUE(save_version(*after, "m", "p", some_version(3)));
    }
  }
}

}  // namespace
}  // namespace troupe
