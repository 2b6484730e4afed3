#include "environment/code/code.h"

#include <cstdlib>

#include "environment/code/code_test_support.h"

namespace troupe {
namespace {

const Task kTask{"t", R"({"kind":"linear","numbers":[3,4],"letters":""})"};

TEST_F(CodeTest, PaysTheShareOfTestsThatPass) {
  const auto spec = ready();
  EXPECT_DOUBLE_EQ(reward_of_answer(*spec, kTask, "return x*3+4"), 1.0);
  EXPECT_DOUBLE_EQ(reward_of_answer(*spec, kTask, "return 4+x+x+x"), 1.0);
  EXPECT_DOUBLE_EQ(reward_of_answer(*spec, kTask, "return x*3-4"), 0.0);
  EXPECT_DOUBLE_EQ(reward_of_answer(*spec, kTask, "x*3+4"), 0.0);
  EXPECT_DOUBLE_EQ(reward_of_answer(*spec, kTask, ""), 0.0);
  const double half = reward_of_answer(*spec, kTask, "if x>0 then return x*3+4 end");
  EXPECT_GT(half, 0.0);
  EXPECT_LT(half, 1.0);
  const Played won = play_answers(*spec, kTask, {"return x*3+4"});
  EXPECT_EQ(won.exchanges.at(0).prompt.text, "x times 3 plus 4:");
  EXPECT_TRUE(won.outcome.success);
  EXPECT_EQ(won.outcome.limit, "");
}

TEST_F(CodeTest, ALimitIsAnOutcomeWithAName) {
  const auto spec = ready({{}, {}, {{"seconds", 0.2}}, {}});
  const Played lost = play_answers(*spec, kTask, {"while 1 do end"});
  ASSERT_TRUE(lost.finished) << lost.error->message;
  EXPECT_EQ(lost.outcome.rewards, std::vector<double>{0.0});
  EXPECT_EQ(lost.outcome.limit, "time");
  EXPECT_EQ(play_answers(*spec, kTask, {"os.exit()"}).outcome.limit, "exit");
}

TEST_F(CodeTest, AnAnswerMayBeCorrected) {
  const auto spec = ready({{{"turns", 3}}, {}, {}, {}});
  const Played played = play_answers(*spec, kTask, {"retrun x", "return x*3-4", "return x*3+4"});
  ASSERT_TRUE(played.finished);
  ASSERT_EQ(played.exchanges.size(), 3U);
  EXPECT_TRUE(played.exchanges[1].prompt.text.starts_with("answer:1:") ||
              played.exchanges[1].prompt.text.find("answer") != std::string::npos)
      << played.exchanges[1].prompt.text;
  EXPECT_TRUE(played.exchanges[2].prompt.text.starts_with("f(")) << played.exchanges[2].prompt.text;
  EXPECT_TRUE(played.outcome.success);
  EXPECT_EQ(play_answers(*spec, kTask, {"return x*3+4"}).exchanges.size(), 1U);
  EXPECT_EQ(play_answers(*spec, kTask, {"", "", ""}).exchanges.size(), 3U);
}

TEST_F(CodeTest, RefusesBadFamilies) {
  for (const auto& [families, wanted] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"linaer"}, "no family 'linaer'"},
           {{}, "one or more"},
           {{"list", "list"}, "different"}}) {
    CodeSpec spec;
    bind(spec, {{}, {}, {}, {{"families", families}}});
    const Status status = spec.prepare();
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find(wanted), std::string::npos) << status.error().message;
  }
}

TEST(Code, SaysWhatToInstallWhereLuaIsMissing) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  CodeSpec spec;
  bind(spec, {});
  const Status status = spec.prepare();
  setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(status.error().message.find("install"), std::string::npos) << status.error().message;
}

}  // namespace
}  // namespace troupe
