#include "config/explain.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/options.h"

namespace troupe {
namespace {

struct ExplainTest : testing::Test {
  std::int64_t group_size = 8;
  std::string mode = "overlap";
  double rate = 0.001;
  double other_rate = 0.5;
  OptionSet rollout{"rollout"};
  OptionSet train{"train"};
  std::vector<const OptionSet*> sets = {&rollout, &train};

  ExplainTest() {
    rollout.add("group_size", &group_size, "Episodes compared with each other.").range(2, 64);
    rollout.add("mode", &mode, "When to generate.").one_of({"barrier", "overlap"});
    rollout.add("rate", &other_rate, "Launches a second.").at_least(0);
    train.add("rate", &rate, "Learning rate.");
  }
};

TEST_F(ExplainTest, AnOption) {
  group_size = 32;  // the default stays what it was when declared
  EXPECT_EQ(explain(sets, "rollout.group_size"),
            "rollout.group_size\n  Episodes compared with each other.\n"
            "  expects: an integer from 2 to 64\n  default: 8\n");
  EXPECT_EQ(explain(sets, "mode"),
            "rollout.mode\n  When to generate.\n  expects: one of \"barrier\", \"overlap\"\n"
            "  default: \"overlap\"\n");
}

TEST_F(ExplainTest, EveryOptionOfOneName) {
  EXPECT_EQ(
      explain(sets, "rate"),
      "rollout.rate\n  Launches a second.\n  expects: a number of at least 0\n  default: 0.5\n"
      "\ntrain.rate\n  Learning rate.\n  expects: a number\n  default: 0.001\n");
}

TEST_F(ExplainTest, ATable) {
  EXPECT_EQ(explain(sets, "rollout"),
            "[rollout]\n"
            "  rollout.group_size  Episodes compared with each other. (default 8)\n"
            "  rollout.mode        When to generate. (default \"overlap\")\n"
            "  rollout.rate        Launches a second. (default 0.5)\n");
  const std::string all = explain(sets, "");
  EXPECT_NE(all.find("rollout.mode "), std::string::npos);
  EXPECT_NE(all.find("train.rate "), std::string::npos);
}

TEST_F(ExplainTest, UnknownNamesTheNearest) {
  EXPECT_EQ(explain(sets, "rollout.grup_size"),
            "unknown key \"rollout.grup_size\"; did you mean rollout.group_size?\n");
  EXPECT_EQ(explain(sets, "gruop_size"),
            "unknown key \"gruop_size\"; did you mean rollout.group_size?\n");
  EXPECT_EQ(explain(sets, "trane"), "unknown key \"trane\"; did you mean train?\n");
  EXPECT_EQ(explain(sets, "zzzzzz"), "unknown key \"zzzzzz\"; 'troupe explain' lists all keys\n");
  EXPECT_FALSE(is_known(sets, "zzzzzz"));
  EXPECT_TRUE(is_known(sets, "rollout"));
  EXPECT_TRUE(is_known(sets, "rate"));
}

}  // namespace
}  // namespace troupe
