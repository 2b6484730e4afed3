#include <gtest/gtest.h>

#include <cstdint>

#include "base/rng.h"
#include "config/test_support.h"

namespace troupe {
namespace {

std::string repeat(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(RunFile, DeepNestingIsAnErrorNotACrash) {
  constexpr int kDeep = 200'000;
  EXPECT_NE(error_of("a = " + repeat("[", kDeep)), "");
  EXPECT_NE(error_of("a = " + repeat("[", 1000) + repeat("]", 1000)), "");
  EXPECT_NE(error_of("a = " + repeat("{a=", kDeep)), "");
  EXPECT_EQ(error_of("\n" + repeat("a.", kDeep) + "a = 1"),
            "run.toml:2: a key has more than 16 parts");
  EXPECT_EQ(error_of("[" + repeat("'a'.", kDeep) + "a]"),
            "run.toml:1: a key has more than 16 parts");
  EXPECT_EQ(error_of("x = '''\n'''\n[a]\n" + repeat("a . ", 20) + "a=1"),
            "run.toml:4: a key has more than 16 parts");
  EXPECT_NE(error_of(repeat("a = {b.b.b.b.b.b.b.b = [\n", 200)), "");
}

TEST(RunFile, DotsInTextAreNotKeys) {
  const std::string dots = repeat(".", 100);
  EXPECT_EQ(error_of("train.note = \"a \\\" " + dots + "\""), "");
  EXPECT_EQ(error_of("train.note = '''\n' " + dots + "'''"), "");
  EXPECT_EQ(error_of("# " + dots + "\ntrain.betas = [" + repeat("0.5, ", 50) + "]"), "");
}

TEST(RunFile, GarbageNeverCrashes) {
  Rng rng(11);
  const std::string good =
      "[rollout]\ngroup_size = 16 # x\nmode = \"bar\\u0041\"\n[train]\nbetas = [0, 0.5]\n"
      "note = '''a\nb'''\n[policy.\"first\"]\nlayers = 3\nd = 1979-05-27T07:32:00Z\n";
  for (int round = 0; round < 3000; ++round) {
    std::string text = round % 2 == 0 ? good : "";
    const std::uint64_t edits = 1 + rng.below(round % 2 == 0 ? 4 : 60);
    for (std::uint64_t i = 0; i < edits; ++i) {
      const auto at = static_cast<std::ptrdiff_t>(rng.below(text.size() + 1));
      const char byte =
          rng.below(2) == 0 ? "[]{}=.\"'\n#\\,"[rng.below(12)] : static_cast<char>(rng.below(256));
      text.insert(text.begin() + at, byte);
    }
    if (rng.below(4) == 0) text.resize(rng.below(text.size() + 1));
    error_of(text);
    error_of("", {text});
  }
}

}  // namespace
}  // namespace troupe
