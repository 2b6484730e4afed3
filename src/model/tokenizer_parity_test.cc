#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "model/tokenizer.h"

// Ids and texts as the `tokenizers` library has them, for tokenizer.json files in the layouts of
// published families. testdata/make_tokenizer_golden.py made them.

namespace troupe {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

json load(const std::string& name) {
  std::ifstream file(TROUPE_SOURCE_DIR "/src/model/testdata/tokenizers/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str());
}

/// Compares one tokenizer, a file with some of its stages replaced, with what was recorded.
void compare(const json& golden) {
  json file = load(golden.at("base"));
  for (const auto& [key, value] : golden.at("patch").items()) file[key] = value;
  const auto made = parse_tokenizer(file.dump(), "");
  ASSERT_TRUE(made) << made.error().message;
  const Tokenizer& tokenizer = **made;
  EXPECT_EQ(tokenizer.opening(), golden.at("opening").get<Ids>());
  for (const json& item : golden.at("encode")) {
    const std::string text = item.at("text");
    SCOPED_TRACE(json(text).dump());
    const Ids wanted = item.at("ids").get<Ids>();
    const auto ids = tokenizer.encode(text);
    ASSERT_TRUE(ids) << ids.error().message;
    EXPECT_EQ(*ids, wanted);
    EXPECT_EQ(tokenizer.encode_plain(text).value(), item.value("plain", wanted));
    const std::string decoded = item.value("decoded", text);
    EXPECT_EQ(tokenizer.decode(wanted), decoded);
    EXPECT_EQ(tokenizer.decode_all(wanted), item.value("decoded_all", decoded));
  }
  for (const json& item : golden.at("decode")) {
    EXPECT_EQ(tokenizer.decode(item.at("ids").get<Ids>()), item.at("text").get<std::string>());
  }
}

class TokenizerParity : public testing::TestWithParam<std::string> {};

TEST_P(TokenizerParity, EqualsTokenizers) {
  int seen = 0;
  const json golden = load("golden");
  for (const json& item : golden.at("cases")) {
    if (item.at("base") != GetParam()) continue;
    SCOPED_TRACE(item.at("name").get<std::string>());
    compare(item);
    ++seen;
  }
  EXPECT_GT(seen, 1);
}

INSTANTIATE_TEST_SUITE_P(Families, TokenizerParity, testing::Values("gpt2", "llama3", "qwen2"),
                         [](const auto& family) { return family.param; });

}  // namespace
}  // namespace troupe
