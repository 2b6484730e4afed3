#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/disk.h"
#include "base/options.h"
#include "environment/registry.h"
#include "rollout/group_runner.h"
#include "rollout/scripted_engine.h"

namespace troupe {
namespace {

using Ids = std::vector<TokenId>;

std::shared_ptr<const Tokenizer> load(const std::string& name) {
  std::ifstream file(TROUPE_SOURCE_DIR "/src/model/testdata/tokenizers/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  return std::shared_ptr<const Tokenizer>(parse_tokenizer(text.str(), "").value());
}

/// `guess`, which takes several turns, played by a chat model with scripted answers. An answer ends
/// with the end token unless `limit` tokens cut it off.
struct Stage {
  Stage(const std::string& chat, const std::string& family, std::vector<std::string> answers)
      : tokenizer(load(family)), script(std::move(answers)) {
    executor = make_virtual_executor({});
    spec = std::move(*make_environment("guess", EnvironmentServices{disk}));
    OptionSet set("environment");
    spec->declare(set);
    EXPECT_TRUE(spec->prepare());
    engine = std::make_unique<ScriptedEngine>(
        *executor, [this](const GenerateRequest& request) { return answer(request); },
        [](const GenerateRequest&) { return kMillisecond; });
    AgentBinding binding;
    binding.policy = "p";
    binding.engine = engine.get();
    binding.tokenizer = tokenizer;
    if (!chat.empty()) binding.chat = ChatFormat::make(chat, tokenizer, "Be brief.").value();
    binding.max_answer_tokens = 3;
    binding.max_context = 600;
    agents[spec->agents().front()] = binding;
  }

  Result<Generation> answer(const GenerateRequest& request) {
    contexts.push_back(request.context.copy());
    Generation out;
    out.tokens = tokenizer->encode(script[contexts.size() % script.size()]).value();
    out.tokens.push_back(tokenizer->end());
    if (out.tokens.size() > static_cast<std::size_t>(request.max_tokens)) {
      out.tokens.resize(static_cast<std::size_t>(request.max_tokens));
      out.reason = FinishReason::kLength;
    }
    out.logprobs.assign(out.tokens.size(), -0.5F);
    said.push_back(out.tokens);
    return out;
  }

  Result<EpisodeRecord> play() {
    Result<EpisodeRecord> record;
    EXPECT_TRUE(executor->run(play_into(record)));
    return record;
  }
  Async<Status> play_into(Result<EpisodeRecord>& record) {
    const EpisodeSetting setting{*executor, *spec, agents};
    const auto task = spec->task(Split::kTrain, 3);
    EpisodeId id;
    id.seed = 9;
    record = co_await play_episode(setting, *task, std::move(id));
    co_return Status();
  }

  MemoryDisk disk;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<EnvironmentSpec> spec;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<ScriptedEngine> engine;
  AgentBindings agents;
  std::vector<std::string> script;
  std::vector<Ids> contexts, said;
};

class EpisodeChat : public testing::TestWithParam<std::pair<std::string, std::string>> {};

/// Law 1: each context is the one before, the answer as it was sampled, and a continuation that
/// says the prompt as the user's message. The ids come from the format's own functions.
TEST_P(EpisodeChat, ContextsGrowByTheFormatsPieces) {
  // An answer that ends, one that a limit cuts off in the middle of a character, one whose text
  // would be encoded in other tokens.
  Stage stage(GetParam().first, GetParam().second, {"9", "\xe2\x82\xac\xe2\x82\xac", " t"});
  const auto record = stage.play();
  ASSERT_TRUE(record) << record.error().message;
  ASSERT_GE(stage.contexts.size(), 4U);
  const ChatFormat& chat = *stage.agents.begin()->second.chat;
  Ids expected = chat.first_prompt(record->exchanges[0].prompt.text).value();
  int cut = 0;
  for (std::size_t i = 0; i < stage.contexts.size(); ++i) {
    EXPECT_EQ(stage.contexts[i], expected) << "turn " << i;
    if (i + 1 == stage.contexts.size()) break;
    const Ids& answer = stage.said[i];
    const bool ended = answer.back() == chat.turn_end();
    EXPECT_EQ(record->exchanges[i].action.truncated, !ended);
    EXPECT_EQ(record->exchanges[i].action.text, stage.tokenizer->decode(answer));
    cut += ended ? 0 : 1;
    const Ids next = chat.next_prompt(record->exchanges[i + 1].prompt.text, ended).value();
    expected.insert(expected.end(), answer.begin(), answer.end());
    expected.insert(expected.end(), next.begin(), next.end());
  }
  EXPECT_GT(cut, 0);
  Ids row;
  for (const Segment& segment : record->trajectories.front().segments) {
    row.insert(row.end(), segment.tokens.begin(), segment.tokens.end());
    EXPECT_EQ(segment.logprobs.size(), segment.sampled ? segment.tokens.size() : 0U);
  }
  expected.insert(expected.end(), stage.said.back().begin(), stage.said.back().end());
  EXPECT_EQ(row, expected);
}

INSTANTIATE_TEST_SUITE_P(Formats, EpisodeChat,
                         testing::Values(std::pair<std::string, std::string>("chatml", "qwen2"),
                                         std::pair<std::string, std::string>("llama3", "llama3")),
                         [](const auto& chosen) { return chosen.param.first; });

TEST(EpisodeWithoutChat, BeginsWithTheTokenizersOpening) {
  Stage stage("", "llama3", {"9"});
  ASSERT_TRUE(stage.play());
  ASSERT_GE(stage.contexts.size(), 2U);
  const TokenId opening = stage.tokenizer->special("<|begin_of_text|>");
  EXPECT_EQ(stage.contexts[0].front(), opening);
  EXPECT_EQ(std::count(stage.contexts[1].begin(), stage.contexts[1].end(), opening), 1);
}

}  // namespace
}  // namespace troupe
