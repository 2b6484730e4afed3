#include "config/run_file.h"

#include <gtest/gtest.h>

#include "base/disk.h"
#include "config/test_support.h"

namespace troupe {
namespace {

TEST(RunFile, BindsEveryType) {
  RunFile file = parsed(
      "[rollout]\ngroup_size = 16\nshuffle = true\nmode = \"barrier\"\n"
      "[train]\nrate = 1\nbetas = [0, 0.5]\nstages = [\"rl\"]\nnote = '''a\nb'''\n"
      "[policy.first]\nlayers = 3\n");
  Sample s;
  ASSERT_TRUE(s.bind(file));
  EXPECT_EQ(s.group_size, 16);
  EXPECT_TRUE(s.shuffle);
  EXPECT_EQ(s.mode, "barrier");
  EXPECT_EQ(s.rate, 1.0);
  EXPECT_EQ(s.betas, (std::vector<double>{0, 0.5}));
  EXPECT_EQ(s.stages, std::vector<std::string>{"rl"});
  EXPECT_EQ(s.note, "a\nb");
  EXPECT_EQ(s.layers, 3);
}

TEST(RunFile, AbsentKeysKeepTheirDefaults) {
  RunFile file = parsed("");
  Sample s;
  ASSERT_TRUE(s.bind(file));
  EXPECT_EQ(s.group_size, 8);
  EXPECT_EQ(s.stages, (std::vector<std::string>{"sft", "rl"}));
}

TEST(RunFile, TablesComeInFileOrder) {
  RunFile file = parsed(
      "name = \"x\"\n[policy.zeta]\n[policy.alpha]\nlayers = 1\n[policy.\"my agent\"]\n"
      "[policy.alpha.lora]\nrank = 4\n[train]\n");
  ASSERT_TRUE(file.set("policy.last.layers=2"));
  EXPECT_EQ(file.tables("policy"),
            (std::vector<std::string>{"zeta", "alpha", "\"my agent\"", "last"}));
  EXPECT_EQ(file.tables(""), (std::vector<std::string>{"policy", "train"}));
  EXPECT_EQ(file.tables("policy.alpha"), std::vector<std::string>{"lora"});
  EXPECT_TRUE(file.tables("none").empty());
  EXPECT_EQ(file.text("name"), "x");
  EXPECT_EQ(file.text("policy.alpha.layers"), "1");
  EXPECT_EQ(file.text("policy"), std::nullopt);
  EXPECT_EQ(file.text("absent"), std::nullopt);
}

TEST(RunFile, BindingAKeyTwiceIsABug) {
  RunFile file = parsed("");
  Sample s;
  ASSERT_TRUE(file.bind(s.train));
  auto status = file.bind(s.train);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInternal);
}

TEST(RunFile, LoadsFromDisk) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.write("run.toml", "train.rate = 0.5\n", false));
  auto file = RunFile::load(disk, "run.toml");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->text("train.rate"), "0.5");
  auto absent = RunFile::load(disk, "absent.toml");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_NE(absent.error().message.find("absent.toml"), std::string::npos);
}

}  // namespace
}  // namespace troupe
