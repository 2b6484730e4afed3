#include "model/tokenizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/utf8.h"

namespace troupe {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

std::string error_of(const json& object, const std::string& end = "") {
  const auto tokenizer = parse_tokenizer(object.dump(), end);
  if (tokenizer) return "accepted";
  EXPECT_EQ(tokenizer.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(tokenizer.error().message.find('\n'), std::string::npos);
  return tokenizer.error().message;
}

TEST(SymbolTokenizer, NumbersSymbolsAfterTheEnd) {
  const auto tokenizer = make_symbol_tokenizer("0123 +=\n\"");
  EXPECT_EQ(tokenizer->size(), 10);
  EXPECT_EQ(tokenizer->end(), 0);
  EXPECT_EQ(tokenizer->encode("10 +\n\"").value(), Ids({2, 1, 5, 6, 8, 9}));
  EXPECT_EQ(tokenizer->encode("1<end>2").value(), Ids({2, 0, 3}));
  EXPECT_EQ(tokenizer->encode("").value(), Ids());
  EXPECT_EQ(tokenizer->decode(Ids({2, 1, 0, 5, 8, -1, 10, 9})), "10 \n\"");
}

TEST(SymbolTokenizer, NamesTheFirstUnknownText) {
  const auto tokenizer = make_symbol_tokenizer("01");
  EXPECT_EQ(tokenizer->encode("01x0y").error().message,
            "\"x\" is not in the tokenizer's vocabulary; use texts of its symbols");
  EXPECT_EQ(tokenizer->encode("0\xff").error().message,
            "the text is not valid UTF-8 at byte 1; save it as UTF-8");
}

TEST(SymbolTokenizer, ComesBackFromItsOwnJson) {
  const auto first = make_symbol_tokenizer("abc \t");
  const auto second = parse_tokenizer(first->json(), "");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ((*second)->json(), first->json());
  EXPECT_EQ((*second)->end(), 0);
  EXPECT_EQ((*second)->encode("a\tb c").value(), first->encode("a\tb c").value());
}

json words(const json& pre_tokenizer, const json& vocabulary) {
  return {{"version", "1.0"},
          {"added_tokens", json::array()},
          {"normalizer", nullptr},
          {"pre_tokenizer", pre_tokenizer},
          {"post_processor", nullptr},
          {"decoder", nullptr},
          {"model", {{"type", "WordLevel"}, {"vocab", vocabulary}, {"unk_token", "[UNK]"}}}};
}

TEST(WordLevel, ReadsOtherPeoplesPreTokenizers) {
  const json vocabulary = {{"[UNK]", 0}, {"move", 1}, {"left", 2}, {"!", 3}, {"left!", 4}};
  const auto plain = parse_tokenizer(words({{"type", "Whitespace"}}, vocabulary).dump(), "");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ((*plain)->encode("  move left! up").value(), Ids({1, 2, 3, 0}));
  EXPECT_EQ((*plain)->end(), -1);
  EXPECT_EQ((*plain)->decode(Ids({1, 2, 3})), "move left !");  // as `tokenizers` joins words
  const auto split = parse_tokenizer(words({{"type", "WhitespaceSplit"}}, vocabulary).dump(), "!");
  ASSERT_TRUE(split) << split.error().message;
  EXPECT_EQ((*split)->encode("move\n left!").value(), Ids({1, 4}));
  EXPECT_EQ((*split)->end(), 3);
}

TEST(WordLevel, SplitsCharactersByDotOrByNothing) {
  const json vocabulary = {{"a", 0}, {"b", 1}, {"\xc3\xa9", 2}, {"\n", 3}};
  for (const json& pattern : {json{{"Regex", "."}}, json{{"String", ""}}}) {
    const json split = {{"type", "Split"}, {"pattern", pattern}, {"behavior", "Isolated"}};
    const auto tokenizer = parse_tokenizer(words(split, vocabulary).dump(), "");
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    EXPECT_EQ((*tokenizer)->encode("b\xc3\xa9\na").value(), Ids({1, 2, 3, 0}));
  }
}

TEST(WordLevel, ALiteralPatternIsNoRegex) {
  const json split = {{"type", "Split"}, {"pattern", {{"String", "."}}}, {"behavior", "Isolated"}};
  const auto tokenizer = parse_tokenizer(words(split, {{"ab", 0}, {".", 1}, {"c", 2}}).dump(), "");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->encode("ab.c").value(), Ids({0, 1, 2}));
}

TEST(AddedTokens, AreCutOutLeftmostThenLongest) {
  json object = words({{"type", "WhitespaceSplit"}}, {{"a", 0}, {"<|x", 1}, {"b", 2}});
  auto added = [](int id, const char* text, bool special, bool normalized) {
    return json{{"id", id},          {"content", text}, {"single_word", false},
                {"lstrip", false},   {"rstrip", false}, {"normalized", normalized},
                {"special", special}};
  };
  object["added_tokens"] = {added(3, "<|x|>", true, false), added(4, "<|x|>y", false, false),
                            added(5, "a<|", false, true)};
  const auto tokenizer = parse_tokenizer(object.dump(), "<|x|>");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->encode("a<|x|>b").value(), Ids({0, 3, 2}));  // the first pass wins
  EXPECT_EQ((*tokenizer)->encode("b<|x|>y").value(), Ids({2, 4}));
  EXPECT_EQ((*tokenizer)->encode("<|x a<|b").value(), Ids({1, 5, 2}));
  EXPECT_EQ((*tokenizer)->size(), 6);
  EXPECT_EQ((*tokenizer)->decode(Ids({0, 3, 4})), "a <|x|>y");  // the special one is left out
}

TEST(Tokenizer, RefusesByNameWhatItDoesNotImplement) {
  const json good = words({{"type", "Whitespace"}}, {{"a", 0}, {"b", 1}});
  EXPECT_EQ(error_of(good), "accepted");
  const std::pair<const char*, json> bad[] = {
      {"/truncation", {{"max_length", 5}}},
      {"/normalizer", {{"type", "Lowercase"}}},
      {"/normalizer", {{"type", 3}}},
      {"/decoder", 3},
      {"/post_processor", {{"type", "Sequence"}}},
      {"/pre_tokenizer/type", "Metaspace"},
      {"/decoder", {{"type", "WordPiece"}}},
      {"/post_processor", {{"type", "BertProcessing"}}},
      {"/model/type", "Unigram"},
      {"/model/type", "BPE"},
      {"/model/max_input_chars_per_word", 100},
      {"/model/vocab", json::object()},
      {"/model/vocab/a", 1},
      {"/model/vocab/a", -1},
      {"/model/vocab/a", "0"},
      {"/added_tokens", {{{"id", 2}, {"content", "x"}, {"lstrip", true}}}},
      {"/added_tokens", {{{"id", 1}, {"content", "a"}}}},
      {"/added_tokens", {{{"id", 1}, {"content", "c"}}}},
      {"/something", 1},
  };
  for (const auto& [pointer, value] : bad) {
    json object = good;
    object[json::json_pointer(pointer)] = value;
    const std::string top = json::json_pointer(pointer).to_string();
    const std::string name = top.substr(1, top.find('/', 1) - 1);
    EXPECT_NE(error_of(object).find(name), std::string::npos) << pointer << error_of(object);
  }
  EXPECT_NE(error_of(good, "<stop>").find("\"<stop>\" is not in the vocabulary"),
            std::string::npos);
  for (const char* text : {"", "[]", "{}", "{\"model\":3}"})
    EXPECT_FALSE(parse_tokenizer(text, ""));
}

TEST(Utf8, FindsAndRepairsInvalidParts) {
  EXPECT_EQ(utf8_error("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), std::string_view::npos);
  const std::pair<const char*, std::size_t> bad[] = {{"a\xc3", 1},
                                                     {"\x80", 0},
                                                     {"\xc0\x80", 0},
                                                     {"\xed\xa0\x80", 0},
                                                     {"\xf4\x90\x80\x80", 0},
                                                     {"ab\xe2\x82", 2},
                                                     {"\xf5\x80\x80\x80", 0},
                                                     {"\xe0\x80\x80", 0}};
  for (const auto& [text, at] : bad) EXPECT_EQ(utf8_error(text), at);
  // One mark for each maximal invalid part: the examples of the Unicode standard, section 3.9.
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(utf8_repair("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
            mark + mark + mark + mark + mark + mark + mark + mark + "A");
  EXPECT_EQ(utf8_repair("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), mark + mark + mark + mark + "A");
}

}  // namespace
}  // namespace troupe
