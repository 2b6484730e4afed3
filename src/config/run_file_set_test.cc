#include <gtest/gtest.h>

#include <utility>

#include "config/test_support.h"

namespace troupe {
namespace {

TEST(RunFile, SetOverridesTheFile) {
  RunFile file = parsed("[rollout]\ngroup_size = 16\n[policy]\nfirst = {layers = 1}\n");
  for (const char* a : {"rollout.group_size=32", "rollout.mode=barrier", "train.note=x # y = 1",
                        "train.betas=[0.5]", "policy.first.layers=7", "train.rate=1e-2"}) {
    ASSERT_TRUE(file.set(a)) << a;
  }
  Sample s;
  auto status = s.bind(file);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(s.group_size, 32);
  EXPECT_EQ(s.mode, "barrier");
  EXPECT_EQ(s.note, "x # y = 1");
  EXPECT_EQ(s.betas, std::vector<double>{0.5});
  EXPECT_EQ(s.layers, 7);
  EXPECT_EQ(s.rate, 0.01);
}

TEST(RunFile, SetTakesAnythingAsTextForATextOption) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"5", "5"},
      {"true", "true"},
      {"2024-01-31", "2024-01-31"},
      {"\"5\"", "5"},
      {"", ""},
      {"runs/a b.jsonl", "runs/a b.jsonl"},
      {"1\nw = 2", "1\nw = 2"},
      {"a=b", "a=b"}};
  for (const auto& [typed, meant] : cases) {
    RunFile file = parsed("");
    ASSERT_TRUE(file.set("train.note=" + typed)) << typed;
    EXPECT_EQ(file.text("train.note"), meant);
    Sample s;
    ASSERT_TRUE(s.bind(file)) << typed;
    EXPECT_EQ(s.note, meant);
  }
}

TEST(RunFile, SetRefusesWhatItCannotMean) {
  const std::string file = "[rollout]\ngroup_size = 4\n";
  EXPECT_EQ(error_of(file, {"group_size"}), "--set: expected key=value, found \"group_size\"");
  EXPECT_EQ(error_of(file, {"=4"}), "--set: expected key=value, found \"=4\"");
  EXPECT_EQ(error_of(file, {"a..b=4"}), "--set: \"a..b\" is not a key; keys look like table.name");
  EXPECT_EQ(error_of(file, {"a = 1\nb=4"}).rfind("--set: ", 0), 0U);
  EXPECT_EQ(error_of(file, {"train.betas=[1"}), "--set: train.betas: [1 is not a TOML value");
  EXPECT_EQ(error_of(file, {"rollout=4"}),
            "--set: rollout is a table in run.toml:1; set one of its keys");
  EXPECT_EQ(
      error_of(file, {"rollout.group_size.x=4"}),
      "--set: rollout.group_size.x: rollout.group_size is a value in run.toml:2, not a table");
  EXPECT_EQ(error_of(file, {"rollout.group_size={x=1}"}),
            "--set: rollout.group_size is a value in run.toml:2, not a table");
  EXPECT_EQ(error_of(file, {"train.note=\xff"}), "--set: train.note: the value is not UTF-8 text");
  EXPECT_EQ(error_of(file, {"rollout.group_size=1"}),
            "--set: rollout.group_size: expected an integer from 2 to 1024, found integer 1");
}

TEST(RunFile, SetTakesAnInlineTable) {
  RunFile file = parsed("");
  ASSERT_TRUE(file.set("rollout={group_size=4, mode=\"barrier\"}"));
  Sample s;
  ASSERT_TRUE(s.bind(file));
  EXPECT_EQ(s.group_size, 4);
  EXPECT_EQ(s.mode, "barrier");
}

}  // namespace
}  // namespace troupe
