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
      {"/added_tokens", {{{"id", 2}, {"content", "x"}, {"lstrip", 1}}}},
      {"/added_tokens", {{{"id", 2}, {"content", "x"}, {"vanish", true}}}},
      {"/added_tokens", {{{"id", 4000000}, {"content", "x"}}}},
      {"/added_tokens", {{{"id", 2}, {"content", "x"}}, {{"id", 3}, {"content", "x"}}}},
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

json byte_level(const json& changes) {
  json vocabulary;
  json out = words(nullptr, vocabulary);
  for (const char* token : {"a", "e", "\xc3\x8c", "\xc4\xa3", "\xc3\x83", "\xc2\xa9", "\xc4\xa0"}) {
    vocabulary[token] = vocabulary.size();  // a, e, and the bytes cc 81 c3 a9 and space
  }
  out["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  out["decoder"] = {{"type", "ByteLevel"}};
  out["model"] = {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", json::array()}};
  for (const auto& [key, value] : changes.items()) out[key] = value;
  return out;
}

TEST(Normalizer, NfcJoinsMarksBeforeTheModelSeesThem) {
  const std::string apart = "ae\xcc\x81";
  const auto as_is = parse_tokenizer(byte_level({}).dump(), "");
  ASSERT_TRUE(as_is) << as_is.error().message;
  EXPECT_EQ((*as_is)->decode((*as_is)->encode(apart).value()), apart);
  const auto nfc = parse_tokenizer(byte_level({{"normalizer", {{"type", "NFC"}}}}).dump(), "");
  ASSERT_TRUE(nfc) << nfc.error().message;
  EXPECT_EQ((*nfc)->decode((*nfc)->encode(apart).value()), "a\xc3\xa9");
}

TEST(PostProcessor, GivesTheTokensBeforeAText) {
  const json special = {{{"id", 7}, {"content", "<s>"}, {"special", true}},
                        {{"id", 8}, {"content", "</s>"}, {"special", true}}};
  auto token = [](const char* name) {
    return json{{"SpecialToken", {{"id", name}, {"type_id", 0}}}};
  };
  const json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  auto post = [&](const json& single, int id) {
    const json table = {{"<s>", {{"id", "<s>"}, {"ids", {id}}, {"tokens", {"<s>"}}}},
                        {"</s>", {{"id", "</s>"}, {"ids", {8}}, {"tokens", {"</s>"}}}}};
    const json stage = {
        {"type", "TemplateProcessing"}, {"single", single}, {"special_tokens", table}};
    return byte_level({{"added_tokens", special}, {"post_processor", stage}});
  };
  const auto good = parse_tokenizer(post({token("<s>"), text}, 7).dump(), "");
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ((*good)->opening(), Ids({7}));
  EXPECT_EQ((*good)->encode("a").value(), Ids({0}));
  EXPECT_EQ((*good)->special("<s>"), 7);
  EXPECT_EQ((*good)->special("a"), -1);
  const std::pair<json, const char*> bad[] = {
      {post({text, token("</s>")}, 7), "then nothing"},
      {post(json::array({token("<s>")}), 7), "with the text $A"},
      {post({token("<s>"), text}, 6), "does not give \"<s>\" the ids"},
      {post({token("<x>"), text}, 7), "does not give \"<x>\" the ids"},
      {post("$A", 7), "expected a list"}};
  for (const auto& [file, reason] : bad) {
    EXPECT_NE(error_of(file).find("post_processor"), std::string::npos) << error_of(file);
    EXPECT_NE(error_of(file).find(reason), std::string::npos) << error_of(file);
  }
}

TEST(Tokenizer, ALargeIdTakesNoMemory) {
  const json file = words({{"type", "Whitespace"}}, {{"a", 0}, {"b", 4194303}});
  const auto tokenizer = parse_tokenizer(file.dump(), "");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->size(), 4194304);
  EXPECT_EQ((*tokenizer)->decode(Ids({4194303, 17, 0, -1, 4194304})), "b a");
}

TEST(Utf8, NormalizesToNfc) {
  // Unicode's annex 15: reordering of marks, singletons, Hangul, composition exclusions.
  const std::pair<const char*, const char*> pairs[] = {
      {"abc", "abc"},
      {"\xc3\xa9", "\xc3\xa9"},
      {"q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87"},
      {"\xe2\x84\xab", "\xc3\x85"},
      {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"},
      {"\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc"}};
  for (const auto& [from, to] : pairs) EXPECT_EQ(utf8_nfc(from).value(), to);
  EXPECT_EQ(utf8_nfc(std::string_view("\0\xcc\x81", 3)).value(), std::string("\0\xcc\x81", 3));
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
