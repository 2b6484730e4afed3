#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "model/chat.h"

// Conversations as apply_chat_template of `transformers` renders them with the official templates.
// testdata/make_tokenizer_golden.py made them.

namespace troupe {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

std::string read(const std::string& name) {
  std::ifstream file(TROUPE_SOURCE_DIR "/src/model/testdata/tokenizers/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::shared_ptr<const Tokenizer> load(const std::string& name) {
  auto made = parse_tokenizer(read(name), "");
  EXPECT_TRUE(made) << made.error().message;
  return std::shared_ptr<const Tokenizer>(std::move(*made));
}

/// The system message that Qwen2.5's template puts in if there is none, and Troupe does not.
const ChatMessage kQwen25 = {
    "system", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."};

TEST(ChatParity, RendersWhatTheOfficialTemplatesRender) {
  const json golden = json::parse(read("chat"));
  std::map<std::string, int> seen;
  for (const json& item : golden.at("cases")) {
    SCOPED_TRACE(item.dump());
    const auto format = ChatFormat::make("auto", load(item.at("tokenizer")), "");
    ASSERT_TRUE(format) << format.error().message;
    std::vector<ChatMessage> messages;
    for (const json& m : item.at("messages")) messages.push_back({m.at("role"), m.at("content")});
    if (item.at("template") == "qwen2.5" && messages.front().role != "system") {
      messages.insert(messages.begin(), kQwen25);
    }
    const auto ids = (*format)->render(messages, item.at("generation_prompt"));
    ASSERT_TRUE(ids) << ids.error().message;
    EXPECT_EQ(*ids, item.at("ids").get<Ids>());
    ++seen[item.at("template")];
  }
  EXPECT_GT(seen["chatml"], 3);
  EXPECT_GT(seen["qwen2.5"], 3);
  EXPECT_GT(seen["llama3"], 3);
}

/// What an episode appends turn by turn is the same as the whole, unless the template removes white
/// space around an old answer, which an episode never does.
TEST(ChatParity, TurnByTurnGivesTheWholeConversation) {
  const json golden = json::parse(read("chat"));
  int turns = 0;
  for (const json& item : golden.at("cases")) {
    const json& messages = item.at("messages");
    const bool trimmed =
        item.at("template") == "llama3" && messages.dump().find("\" ok \"") != std::string::npos;
    if (!item.at("generation_prompt") || item.at("template") == "qwen2.5" || trimmed) continue;
    SCOPED_TRACE(item.dump());
    const auto tokenizer = load(item.at("tokenizer"));
    const bool ruled = messages.front().at("role") == "system";
    const std::string system = ruled ? messages.front().at("content") : "";
    const auto format = ChatFormat::make("auto", tokenizer, system).value();
    Ids context;
    for (std::size_t i = ruled ? 1 : 0; i < messages.size(); ++i) {
      const std::string content = messages[i].at("content");
      if (messages[i].at("role") == "assistant" && i + 1 == messages.size()) break;
      const bool first = context.empty();
      const auto place = first ? PromptPlace::kFirst : PromptPlace::kAfterEnd;
      const Ids more = messages[i].at("role") == "assistant"
                           ? encode_answer(*tokenizer, format.get(), content).value()
                           : encode_prompt(*tokenizer, format.get(), content, place).value();
      context.insert(context.end(), more.begin(), more.end());
      turns += first ? 0 : 1;
    }
    Ids whole = item.at("ids").get<Ids>();
    if (messages.back().at("role") == "assistant") whole.resize(context.size());
    EXPECT_EQ(context, whole);
  }
  EXPECT_GT(turns, 3);
}

}  // namespace
}  // namespace troupe
