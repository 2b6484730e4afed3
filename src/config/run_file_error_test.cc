#include <gtest/gtest.h>

#include "config/test_support.h"

namespace troupe {
namespace {

TEST(RunFile, WrongValuesNameExpectedAndFound) {
  EXPECT_EQ(error_of("[rollout]\n\ngroup_size = \"eight\""),
            "run.toml:3: rollout.group_size: expected an integer from 2 to 1024, found text "
            "\"eight\"");
  EXPECT_EQ(error_of("rollout.group_size = 1"),
            "run.toml:1: rollout.group_size: expected an integer from 2 to 1024, found integer 1");
  EXPECT_EQ(error_of("rollout.group_size = 1e2"),
            "run.toml:1: rollout.group_size: expected an integer from 2 to 1024, found number 100; "
            "write it without point and exponent");
  EXPECT_EQ(error_of("rollout.shuffle = 1"),
            "run.toml:1: rollout.shuffle: expected true or false, found integer 1");
  EXPECT_EQ(error_of("rollout.mode = \"ovrlap\""),
            "run.toml:1: rollout.mode: expected one of \"barrier\", \"overlap\", found text "
            "\"ovrlap\"; did you mean \"overlap\"?");
  EXPECT_EQ(error_of("train.rate = -0.5"),
            "run.toml:1: train.rate: expected a number from 0 to 1, found number -0.5");
  EXPECT_EQ(error_of("train.max_seconds = -1"),
            "run.toml:1: train.max_seconds: expected a number of at least 0, found integer -1");
  EXPECT_EQ(error_of("train.note = 5"),
            "run.toml:1: train.note: expected text, found integer 5; put it in quotes");
  EXPECT_EQ(error_of("train.note = 2024-01-31"),
            "run.toml:1: train.note: expected text, found 2024-01-31; put it in quotes");
  EXPECT_EQ(error_of("train.note = [1, 2]"),
            "run.toml:1: train.note: expected text, found a list of 2");
  EXPECT_EQ(
      error_of("train.betas = 0.5"),
      "run.toml:1: train.betas: expected a list of numbers from 0 to 1, found number 0.5; put "
      "it in [ ]");
  EXPECT_EQ(error_of("train.betas = [0.5, 2]"),
            "run.toml:1: train.betas: expected a list of numbers from 0 to 1, found integer 2");
  EXPECT_EQ(error_of("train.stages = [1]"),
            "run.toml:1: train.stages: expected a list of \"sft\", \"rl\", found integer 1 in the "
            "list");
  EXPECT_EQ(
      error_of("train.stages = [\"sftt\"]"),
      "run.toml:1: train.stages: expected a list of \"sft\", \"rl\", found text \"sftt\"; did "
      "you mean \"sft\"?");
  EXPECT_EQ(error_of("[rollout.group_size]\nx = 1"),
            "run.toml:1: rollout.group_size: expected an integer from 2 to 1024, found a table");
}

TEST(RunFile, NotFiniteNumbersNeedAnInfiniteDefault) {
  EXPECT_EQ(error_of("train.max_seconds = inf"), "");
  EXPECT_EQ(error_of("train.max_seconds = nan"),
            "run.toml:1: train.max_seconds: expected a number of at least 0, found number nan; it "
            "must be finite");
  EXPECT_NE(error_of("train.rate = inf").find("it must be finite"), std::string::npos);
  EXPECT_NE(error_of("train.betas = [nan]").find("it must be finite"), std::string::npos);
}

TEST(RunFile, UnknownNamesTheNearest) {
  EXPECT_EQ(error_of("[rollout]\ngroup_sise = 4"),
            "run.toml:2: unknown key rollout.group_sise; did you mean rollout.group_size?");
  EXPECT_EQ(error_of("[train]\ngroup_size = 4"),
            "run.toml:2: unknown key train.group_size; did you mean rollout.group_size?");
  EXPECT_EQ(error_of("group_size = 4"),
            "run.toml:1: unknown key group_size; did you mean rollout.group_size?");
  EXPECT_EQ(error_of("[rollot]\ngroup_size = 4\nmode = \"barrier\""),
            "run.toml:2: unknown key rollot.group_size; did you mean rollout.group_size? (1 more "
            "unknown)");
  EXPECT_EQ(error_of("[rollot]"), "run.toml:1: unknown table rollot; did you mean rollout?");
  EXPECT_EQ(error_of("[policy.frist]"),
            "run.toml:1: unknown table policy.frist; did you mean policy.first?");
  EXPECT_EQ(
      error_of("[train]\nzzz = 1"),
      "run.toml:2: unknown key train.zzz; 'troupe explain train' lists the keys of this table");
  EXPECT_EQ(error_of("zzz = 1"),
            "run.toml:1: unknown key zzz; the tables are rollout, train, policy");
  EXPECT_EQ(error_of("train = 1"),
            "run.toml:1: train is a table, not a value; write [train] and its keys below it");
  EXPECT_EQ(error_of("[[rollout]]\ngroup_size = 2"),
            "run.toml:1: rollout is a table, not a value; write [rollout] and its keys below it");
  EXPECT_EQ(error_of("", {"rollout.group_sise=4"}),
            "--set: unknown key rollout.group_sise; did you mean rollout.group_size?");
}

TEST(RunFile, MalformedTomlNamesLineAndColumn) {
  const std::string message = error_of("[rollout]\ngroup_size = = 4");
  EXPECT_EQ(message.rfind("run.toml:2:14: malformed TOML: ", 0), 0U) << message;
  EXPECT_NE(error_of("a = 99999999999999999999").find("run.toml:1:"), std::string::npos);
  EXPECT_NE(error_of("a = 9223372036854775808").find("malformed TOML"), std::string::npos);
  EXPECT_NE(error_of("a = 1\nb = 2\na = 3").find("run.toml:3:"), std::string::npos);
  EXPECT_NE(error_of("[t]\n[t]").find("run.toml:2:"), std::string::npos);
  EXPECT_NE(error_of("a = \"open").find("malformed TOML"), std::string::npos);
  EXPECT_NE(error_of("a = \"\xff\xfe\"").find("malformed TOML"), std::string::npos);
}

}  // namespace
}  // namespace troupe
