#include "model/regex_syntax.h"

#include <gtest/gtest.h>

#include "model/regex.h"

namespace troupe {
namespace {

std::vector<std::string> matches(const std::string& pattern, std::string_view text) {
  const auto regex = Regex::compile(pattern, Regex::Syntax::kOniguruma);
  if (!regex) return {regex.error().message};
  std::vector<std::string> out;
  const auto spans = regex->split(text);
  if (!spans) return {spans.error().message};
  for (const Regex::Span& span : *spans) {
    if (span.matched) out.emplace_back(text.substr(span.begin, span.end - span.begin));
  }
  return out;
}

using List = std::vector<std::string>;

// Expected values: what `tokenizers` (Oniguruma) does with a Split by these patterns.
TEST(RegexSyntax, MeansWhatOnigurumaMeans) {
  EXPECT_EQ(matches("\\s", "a \xc2\x85\xe1\xa0\x8e\xe2\x80\x8b"),
            List({" ", "\xc2\x85"}));  // not U+180E
  EXPECT_EQ(matches("\\w+",
                    "a_b\xcc\x81\xe2\x80\x8d"
                    "c \xc2\xb2"),
            List({"a_b\xcc\x81", "c"}));
  EXPECT_EQ(matches("[\\w\\s]+", "a b-c"), List({"a b", "c"}));
  EXPECT_EQ(matches("\\p{Han}+", "\xe6\xbc\xa2\xe3\x83\xbc"),
            List({"\xe6\xbc\xa2"}));                   // not its extension
  EXPECT_EQ(matches("^a", "a\na"), List({"a", "a"}));  // a line, not the text
  EXPECT_EQ(matches("(?i:'s)|b",
                    "'S'\xc5\xbf"
                    "B"),
            List({"'S", "'\xc5\xbf"}));
  EXPECT_EQ(matches("\\P{L}+", "a1-b"), List({"1-"}));
  EXPECT_EQ(matches("\\x{41}|\\x42|\\[", "AB["), List({"A", "B", "["}));
}

TEST(RegexSyntax, RefusesWhatPcre2WouldReadAsSomethingElse) {
  const std::pair<const char*, const char*> bad[] = {
      {"\\h+", "\\h"},      {"a\\K", "\\K"},    {"[a&&b]", "&&"},      {"[a[b]]", "["},
      {"[[:alpha:]]", "["}, {"(?m:.)", "(?m:"}, {"(?i)a", "(?i)"},     {"a{1,2}+", "}+"},
      {"a{,2}", "{,"},      {"\\bx", "\\b"},    {"[\\W]", "\\W"},      {"(*UCP)a", "(*"},
      {"\\x80", "\\x80"},   {"\\p{L", "\\p{"},  {"\\u0041", "\\u"},    {"(?i:ss)", "(?i:ss"},
      {"[]a]", "]"},        {"a\\", "\\"},      {"\\x{zz}", "\\x{zz}"}};
  for (const auto& [pattern, named] : bad) {
    const auto made = pcre2_from_oniguruma(pattern);
    ASSERT_FALSE(made) << pattern << " became " << *made;
    EXPECT_NE(made.error().message.find(std::string("uses ") + named), std::string::npos)
        << made.error().message;
  }
}

TEST(Regex, RefusesPatternsThatMatchNothingOrAreWrong) {
  EXPECT_NE(matches("a*", "").front().find("matches the empty text"), std::string::npos);
  EXPECT_NE(matches("(a", "").front().find("is wrong at character 2"), std::string::npos);
}

TEST(Regex, GivesUpOnAPatternThatNeedsTooManySteps) {
  const auto regex = Regex::compile("(a+)+[bc]", Regex::Syntax::kOniguruma);
  ASSERT_TRUE(regex);
  const auto spans = regex->split(std::string(64, 'a'));
  ASSERT_FALSE(spans);
  EXPECT_NE(spans.error().message.find("gives up on a text of 64 bytes"), std::string::npos);
}

}  // namespace
}  // namespace troupe
