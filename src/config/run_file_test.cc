#include "config/run_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/options.h"
#include "base/rng.h"

namespace troupe {
namespace {

/// One option of each type, as a room would declare them.
struct Sample {
  bool shuffle = false;
  std::int64_t group_size = 8;
  double rate = 1e-3;
  double max_seconds = std::numeric_limits<double>::infinity();
  std::string mode = "overlap";
  std::string note;
  std::vector<std::string> stages = {"sft", "rl"};
  std::vector<double> betas = {0.9, 0.95};
  OptionSet rollout{"rollout"};
  OptionSet train{"train"};
  OptionSet policy{"policy.first"};
  std::int64_t layers = 2;

  Sample() {
    rollout.add("group_size", &group_size, "Episodes compared with each other.").range(2, 1024);
    rollout.add("shuffle", &shuffle, "Mix the tasks.");
    rollout.add("mode", &mode, "When to generate.").one_of({"barrier", "overlap"});
    train.add("rate", &rate, "Learning rate.").range(0, 1);
    train.add("max_seconds", &max_seconds, "Stop after so many seconds.").at_least(0);
    train.add("betas", &betas, "Decay of the two moments.").range(0, 1);
    train.add("stages", &stages, "What to do,\nin order.").one_of({"sft", "rl"});
    train.add("note", &note, "Free text.");
    policy.add("layers", &layers, "Decoder layers.").at_least(1);
  }

  Status bind(RunFile& file) {
    TROUPE_TRY(file.bind(rollout));
    TROUPE_TRY(file.bind(train));
    TROUPE_TRY(file.bind(policy));
    return file.finish();
  }
};

RunFile parsed(const std::string& text) {
  auto file = RunFile::parse(text, "run.toml");
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

/// The message of the first error on the way from text to bound options, or "".
std::string error_of(const std::string& text, const std::vector<std::string>& sets = {}) {
  auto file = RunFile::parse(text, "run.toml");
  if (!file) return file.error().message;
  for (const auto& assignment : sets) {
    auto status = file->set(assignment);
    if (!status) return status.error().message;
  }
  Sample sample;
  auto status = sample.bind(*file);
  if (status) return "";
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(status.error().message.find('\n'), std::string::npos);
  return status.error().message;
}

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
