#include "base/options.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(OptionSet, KeepsKeysTargetsAndDefaults) {
  bool flag = true;
  std::int64_t count = -3;
  double rate = 0.5;
  std::string name = "adam";
  std::vector<std::string> words = {"a", "b \"c\""};
  std::vector<double> numbers = {1.0, 2.5};
  OptionSet set("train");
  set.add("flag", &flag, "A flag.");
  set.add("count", &count, "A count.").at_least(-5);
  set.add("rate", &rate, "A rate.").range(0, 1);
  set.add("name", &name, "A name.").one_of({"adam", "sgd"});
  set.add("words", &words, "Words.");
  set.add("numbers", &numbers, "Numbers.");

  const auto& options = set.options();
  ASSERT_EQ(options.size(), 6U);
  const char* keys[] = {"train.flag", "train.count", "train.rate",
                        "train.name", "train.words", "train.numbers"};
  const char* texts[] = {"true", "-3", "0.5", "\"adam\"", R"(["a", "b \"c\""])", "[1.0, 2.5]"};
  const char* types[] = {"true or false", "integer",      "number",
                         "text",          "list of text", "list of numbers"};
  for (std::size_t i = 0; i < options.size(); ++i) {
    EXPECT_EQ(options[i].key, keys[i]);
    EXPECT_EQ(options[i].default_text, texts[i]);
    EXPECT_EQ(options[i].value_text(), texts[i]);
    EXPECT_EQ(options[i].type_name(), types[i]);
  }
  EXPECT_EQ(options[1].low, -5.0);
  EXPECT_FALSE(options[1].high);
  EXPECT_EQ(options[2].high, 1.0);
  EXPECT_EQ(options[3].choices.size(), 2U);
  *std::get<std::int64_t*>(options[1].target) = 8;
  EXPECT_EQ(count, 8);
  EXPECT_EQ(options[1].value_text(), "8");
  EXPECT_EQ(options[1].default_text, "-3");  // the default stays what it was
}

TEST(OptionSet, AnEmptyPrefixGivesBareKeys) {
  std::int64_t seed = 1;
  OptionSet set("");
  set.add("seed", &seed, "The seed.");
  EXPECT_EQ(set.options()[0].key, "seed");
}

TEST(Option, WritesNumbersThatReadBackAsTheSameNumber) {
  const std::pair<double, const char*> cases[] = {
      {3.0, "3.0"}, {0.1, "0.1"}, {1e-6, "1e-06"}, {1e300, "1e+300"}, {-2.0, "-2.0"}};
  for (const auto& [value, text] : cases) {
    double target = value;
    EXPECT_EQ(Option("x", &target, "").value_text(), text);
    EXPECT_EQ(std::stod(text), value);
  }
}

TEST(Option, EscapesTextAsTomlDoes) {
  std::string text = "tab\there \\ \"quoted\"\nline\x01";
  EXPECT_EQ(Option("x", &text, "").value_text(), R"("tab\there \\ \"quoted\"\nline\u0001")");
}

}  // namespace
}  // namespace troupe
