#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/rng.h"
#include "model/tokenizer_model.h"

namespace troupe {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

/// A byte-level BPE over "a", "b", "c" with the merges given as pairs.
json model(const std::vector<std::pair<std::string, std::string>>& merges, bool as_text) {
  json vocabulary = {{"a", 0}, {"b", 1}, {"c", 2}};
  json list = json::array();
  for (const auto& [left, right] : merges) {
    if (!vocabulary.contains(left + right)) vocabulary[left + right] = vocabulary.size();
    list.push_back(as_text ? json(left + " " + right) : json{left, right});
  }
  return {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", list}};
}

Ids encode(const WordModel& bpe, const std::string& word) {
  Ids out;
  const Status status = bpe.encode(word, out);
  EXPECT_TRUE(status) << status.error().message;
  return out;
}

/// The definition: join the leftmost pair of the lowest rank until no pair has a rank.
Ids by_definition(const std::vector<std::pair<std::string, std::string>>& merges,
                  const json& vocabulary, const std::string& word) {
  std::vector<std::string> parts;
  for (char c : word) parts.emplace_back(1, c);
  for (;;) {
    std::size_t best_rank = merges.size();
    std::size_t best = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      for (std::size_t rank = 0; rank < best_rank; ++rank) {
        if (merges[rank] == std::pair(parts[i], parts[i + 1])) {
          best_rank = rank;
          best = i;
        }
      }
    }
    if (best_rank == merges.size()) break;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  Ids out;
  for (const auto& part : parts) out.push_back(vocabulary.at(part).get<TokenId>());
  return out;
}

TEST(Bpe, FollowsItsDefinitionOnRandomWords) {
  const std::vector<std::pair<std::string, std::string>> merges = {
      {"b", "a"}, {"a", "a"}, {"aa", "b"}, {"c", "ba"}, {"aa", "aa"}, {"ba", "ba"}, {"cba", "c"}};
  Rng rng(1);
  for (bool as_text : {true, false}) {
    const json spec = model(merges, as_text);
    const auto bpe = parse_bpe(spec);
    ASSERT_TRUE(bpe) << bpe.error().message;
    for (int i = 0; i < 500; ++i) {
      std::string word;
      for (std::uint64_t n = 1 + rng.below(20); n > 0; --n) word += "abc"[rng.below(3)];
      ASSERT_EQ(encode(**bpe, word), by_definition(merges, spec.at("vocab"), word)) << word;
    }
  }
}

TEST(Bpe, IgnoreMergesKeepsAWordThatIsAToken) {
  json spec = model({{"a", "b"}}, true);
  spec["vocab"]["abc"] = 9;  // no merge leads to it
  EXPECT_EQ(encode(*parse_bpe(spec).value(), "abc"), Ids({3, 2}));
  spec["ignore_merges"] = true;
  EXPECT_EQ(encode(*parse_bpe(spec).value(), "abc"), Ids({9}));
  EXPECT_EQ(encode(*parse_bpe(spec).value(), "abca"), Ids({3, 2, 0}));
}

TEST(Bpe, LongWordsTakeNoSquareTime) {
  const auto bpe = parse_bpe(model({{"a", "a"}, {"aa", "aa"}}, true));
  ASSERT_TRUE(bpe);
  EXPECT_EQ(encode(**bpe, std::string(200000, 'a')).size(), 50000U);
}

TEST(Bpe, RefusesByNameWhatItDoesNotImplement) {
  const std::pair<const char*, json> bad[] = {
      {"dropout", 0.1},
      {"continuing_subword_prefix", "##"},
      {"end_of_word_suffix", "</w>"},
      {"byte_fallback", true},
      {"merges", json::array({"a b c"})},
      {"merges", json::array({"ab"})},
      {"merges", json::array({json{"a", "z"}})},
      {"merges", nullptr},
      {"other", 1},
  };
  for (const auto& [key, value] : bad) {
    json spec = model({{"a", "b"}}, true);
    spec[key] = value;
    const auto bpe = parse_bpe(spec);
    ASSERT_FALSE(bpe) << key;
    EXPECT_NE(bpe.error().message.find(std::string("model.") + key), std::string::npos)
        << bpe.error().message;
  }
  Ids out;
  EXPECT_EQ(parse_bpe(model({}, true)).value()->encode("ad", out).error().code,
            ErrorCode::kInvalid);
}

TEST(ByteLevel, SymbolsAreDifferentAndComeBack) {
  std::set<std::string> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string& symbol = byte_symbols().at(static_cast<std::size_t>(byte));
    EXPECT_TRUE(seen.insert(symbol).second);
    EXPECT_EQ(byte_level_bytes(symbol), std::string(1, static_cast<char>(byte)));
  }
  // Well-known ones of GPT-2's table.
  EXPECT_EQ(byte_symbols().at(' '), "\xc4\xa0");   // U+0120
  EXPECT_EQ(byte_symbols().at('\n'), "\xc4\x8a");  // U+010A
  EXPECT_EQ(byte_symbols().at('A'), "A");
  EXPECT_EQ(byte_level_bytes("<a b>"), "<a b>");  // a space is no symbol
}

}  // namespace
}  // namespace troupe
