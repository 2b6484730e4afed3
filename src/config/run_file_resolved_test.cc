#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/rng.h"
#include "config/test_support.h"

namespace troupe {
namespace {

TEST(RunFile, ResolvedIsComplete) {
  RunFile file = parsed("[policy.first]\nlayers = 4\n");
  Sample s;
  ASSERT_TRUE(s.bind(file));
  EXPECT_EQ(file.resolved(),
            "[rollout]\n"
            "# Episodes compared with each other.\ngroup_size = 8\n"
            "# Mix the tasks.\nshuffle = false\n"
            "# When to generate.\nmode = \"overlap\"\n"
            "\n[train]\n"
            "# Learning rate.\nrate = 0.001\n"
            "# Stop after so many seconds.\nmax_seconds = inf\n"
            "# Decay of the two moments.\nbetas = [0.9, 0.95]\n"
            "# What to do, in order.\nstages = [\"sft\", \"rl\"]\n"
            "# Free text.\nnote = \"\"\n"
            "\n[policy.first]\n"
            "# Decoder layers.\nlayers = 4\n");
}

TEST(RunFile, ResolvedReadsBackToTheSameValues) {
  Rng rng(7);
  const std::string pieces[] = {"a",    "\"",   "\\", "\n",  "\t", "\r",
                                "\x01", "\x7f", "#",  "'''", "é",  " "};
  for (int round = 0; round < 200; ++round) {
    Sample s;
    s.shuffle = rng.below(2) == 1;
    s.group_size = static_cast<std::int64_t>(2 + rng.below(1023));
    s.rate = std::exp(-60 * rng.uniform());
    if (rng.below(4) == 0) s.rate = rng.below(2) == 0 ? 0 : 5e-324;
    if (rng.below(2) == 0) s.max_seconds = std::exp(700 * rng.uniform());
    s.layers = rng.below(2) == 0 ? std::numeric_limits<std::int64_t>::max() : 1;
    s.mode = rng.below(2) == 0 ? "barrier" : "overlap";
    for (std::uint64_t i = rng.below(8); i > 0; --i) s.note += pieces[rng.below(std::size(pieces))];
    s.stages.assign(rng.below(3), "rl");
    s.betas.assign(rng.below(3), rng.uniform());
    RunFile file = parsed("");
    ASSERT_TRUE(s.bind(file));

    auto again = RunFile::parse(file.resolved(), "again.toml");
    ASSERT_TRUE(again) << again.error().message << "\n" << file.resolved();
    Sample t;
    auto status = t.bind(*again);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(t.shuffle, s.shuffle);
    EXPECT_EQ(t.group_size, s.group_size);
    EXPECT_EQ(t.rate, s.rate);
    EXPECT_EQ(t.max_seconds, s.max_seconds);
    EXPECT_EQ(t.layers, s.layers);
    EXPECT_EQ(t.mode, s.mode);
    EXPECT_EQ(t.note, s.note);
    EXPECT_EQ(t.stages, s.stages);
    EXPECT_EQ(t.betas, s.betas);
    EXPECT_EQ(again->resolved(), file.resolved());
  }
}

TEST(RunFile, ResolvedPutsKeysWithoutTableFirst) {
  std::int64_t seed = 1;
  OptionSet top{""};
  top.add("seed", &seed, "Where all randomness comes from.");
  RunFile file = parsed("seed = 3\n");
  Sample s;
  ASSERT_TRUE(file.bind(s.rollout));
  ASSERT_TRUE(file.bind(top));
  EXPECT_EQ(file.resolved().rfind("# Where all randomness comes from.\nseed = 3\n\n[rollout]\n", 0),
            0U)
      << file.resolved();
}

}  // namespace
}  // namespace troupe
