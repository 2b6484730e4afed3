#include "model/stop.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/rng.h"

namespace troupe {
namespace {

/// A byte-level BPE whose tokens split characters of several bytes.
std::shared_ptr<const Tokenizer> byte_level() {
  std::ifstream file(std::string(TROUPE_SOURCE_DIR) +
                     "/src/model/testdata/foreign-qwen3/tokenizer.json");
  std::ostringstream text;
  text << file.rdbuf();
  auto made = parse_tokenizer(text.str(), "");
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

std::shared_ptr<const StopRule> rule(const std::shared_ptr<const Tokenizer>& tokenizer,
                                     std::vector<TokenId> tokens, std::vector<std::string> texts) {
  auto made = StopRule::make(tokenizer, std::move(tokens), std::move(texts));
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

/// The tokens up to the one that stops; all of them if none does.
std::vector<TokenId> until_stop(const std::shared_ptr<const StopRule>& stop,
                                const std::vector<TokenId>& answer) {
  StopWatch watch(stop);
  std::vector<TokenId> out;
  for (const TokenId token : answer) {
    out.push_back(token);
    if (watch.push(token)) break;
  }
  return out;
}

TEST(Stop, EveryEndThatTheModelNamesCountsOnce) {
  const auto tokenizer = make_symbol_tokenizer("abcd");
  const TokenId end = tokenizer->end();
  std::vector<TokenId> others;
  for (TokenId id = 0; id < tokenizer->size(); ++id) {
    if (id != end) others.push_back(id);
  }
  ASSERT_GE(others.size(), 3U);
  const std::vector<int> eos = {end, others[1], others[2], 1000, -1, others[1]};
  const std::vector<TokenId> expected = {others[2], others[1]};
  EXPECT_EQ(with_model_ends({others[2]}, eos, *tokenizer), expected);
  EXPECT_TRUE(with_model_ends({}, std::vector<int>{end}, *tokenizer).empty());
}

TEST(Stop, ATextIsFoundAcrossTokenBorders) {
  const auto tokenizer = make_symbol_tokenizer("abcd");
  const std::shared_ptr<const Tokenizer> shared = make_symbol_tokenizer("abcd");
  const auto stop = rule(shared, {}, {"bcb", "dd"});
  const auto ids = [&](const char* text) { return *tokenizer->encode(text); };
  EXPECT_EQ(until_stop(stop, ids("abcbcd")), ids("abcb"));
  EXPECT_EQ(stop->text(ids("abcb")), "a");
  EXPECT_EQ(until_stop(stop, ids("abdbcdda")), ids("abdbcdd"));
  EXPECT_EQ(stop->text(ids("abdbcdd")), "abdbc");
  EXPECT_EQ(until_stop(stop, ids("abcdabcd")), ids("abcdabcd"));
  EXPECT_EQ(stop->text(ids("abcd")), "abcd");
}

TEST(Stop, OfSeveralTextsTheEarliestPlaceCuts) {
  const std::shared_ptr<const Tokenizer> tokenizer = make_symbol_tokenizer("abcd");
  const auto stop = rule(tokenizer, {}, {"cd", "bcd"});
  EXPECT_EQ(stop->text(*tokenizer->encode("aabcd")), "aa");
}

TEST(Stop, ATokenEndsTheAnswerAndLeavesTheText) {
  const std::shared_ptr<const Tokenizer> tokenizer = make_symbol_tokenizer("abcd");
  const auto stop = rule(tokenizer, {3, 4}, {});
  EXPECT_EQ(until_stop(stop, {1, 2, 4, 1}), (std::vector<TokenId>{1, 2, 4}));
  EXPECT_EQ(stop->text(std::vector<TokenId>{1, 2, 4}), "ab");
  EXPECT_EQ(stop->text(std::vector<TokenId>{1, 2}), "ab");
}

TEST(Stop, AgreesWithASearchOfTheWholeText) {
  // Random tokens of a byte-level vocabulary, many of them parts of characters; the texts to stop
  // at are pieces of such answers. The watch looks at a window only.
  const auto tokenizer = byte_level();
  const std::vector<TokenId> euro = *tokenizer->encode("\u20ac");
  Rng rng(7);
  int stopped = 0;
  int across = 0;
  int split = 0;
  for (int repeat = 0; repeat < 4000; ++repeat) {
    std::vector<TokenId> answer;
    for (int i = 0; i < 60; ++i) {
      // Now and then a character of three bytes as three tokens.
      if (rng.below(8) == 0) {
        answer.insert(answer.end(), euro.begin(), euro.end());
      } else {
        answer.push_back(
            static_cast<TokenId>(rng.below(static_cast<std::uint64_t>(tokenizer->size()))));
      }
    }
    const std::string text = tokenizer->decode(answer);
    const std::size_t at = rng.below(text.size() - 12);
    std::string wanted = text.substr(at, 1 + rng.below(10));
    if (wanted.find("\xef\xbf") != std::string::npos) continue;
    auto made = StopRule::make(tokenizer, {}, {wanted});
    if (!made) continue;  // not UTF-8: it begins or ends inside a character
    const auto got = until_stop(*made, answer);
    std::vector<TokenId> expected;
    for (const TokenId token : answer) {
      expected.push_back(token);
      if (tokenizer->decode(expected).find(wanted) != std::string::npos) break;
    }
    ASSERT_EQ(got, expected) << "stop text of " << wanted.size() << " bytes at " << at;
    EXPECT_EQ((*made)->text(got), text.substr(0, text.find(wanted)));
    ++stopped;
    split += wanted.find("\u20ac") != std::string::npos ? 1 : 0;
    across += tokenizer->decode(std::vector<TokenId>{got.back()}).find(wanted) == std::string::npos;
  }
  EXPECT_GT(stopped, 150);
  EXPECT_GT(split, 20) << "texts with a character that is several tokens";
  EXPECT_GT(across, 50) << "matches across token borders";
}

TEST(Stop, AGrowingTextHoldsBackWhatMayBecomeAStop) {
  const std::shared_ptr<const Tokenizer> tokenizer = make_symbol_tokenizer("abcd");
  const auto stop = rule(tokenizer, {}, {"bcb", "dd"});
  const auto certain = [&](std::string_view text) { return text.substr(0, stop->certain(text)); };
  EXPECT_EQ(certain(""), "");
  EXPECT_EQ(certain("aa"), "aa");
  EXPECT_EQ(certain("aab"), "aa");
  EXPECT_EQ(certain("aabc"), "aa");
  EXPECT_EQ(certain("aabca"), "aabca");
  EXPECT_EQ(certain("bcd"), "bc");
  EXPECT_EQ(without_incomplete("a\u20ac\ufffd\ufffd"), "a\u20ac");
  EXPECT_EQ(without_incomplete("\ufffd"), "");
}

TEST(Stop, RefusesWhatCannotStop) {
  const std::shared_ptr<const Tokenizer> tokenizer = make_symbol_tokenizer("abcd");
  auto refused = [&](std::vector<TokenId> tokens, std::vector<std::string> texts,
                     const char* word) {
    auto made = StopRule::make(tokenizer, std::move(tokens), std::move(texts));
    ASSERT_FALSE(made) << word;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
    EXPECT_NE(made.error().message.find(word), std::string::npos) << made.error().message;
  };
  refused({}, {}, "needs");
  refused({5}, {}, "vocabulary");
  refused({-1}, {}, "vocabulary");
  refused({0}, {}, "end token");
  refused({1, 1}, {}, "twice");
  refused({}, {""}, "empty");
  refused({}, {"a", "a"}, "twice");
  refused({}, {"\xff"}, "UTF-8");
}

}  // namespace
}  // namespace troupe
