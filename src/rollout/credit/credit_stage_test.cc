#include "rollout/credit/credit_stage.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

struct Assigned {
  Status status;
  std::vector<double> rewards;
};

Async<Status> assign_one(CreditStage& stage, const Outcome& outcome,
                         std::vector<Trajectory>& rows) {
  Task task;
  task.id = "t-1";
  task.payload = R"({"index":4})";
  co_return co_await stage.assign(std::move(task), outcome, rows);
}

/// What a shell script makes of an episode in which agents a and b earned 1 and 0.
Assigned assigned(const std::string& script, int retries = 0) {
  CreditOptions options;
  options.kind = "command";
  options.command = {"/bin/sh", "-c", script};
  options.retries = retries;
  options.timeout_seconds = 5;
  auto executor = make_live_executor(1);
  auto stage = CreditStage::make(*executor, options, {"a", "b"});
  if (!stage) return {tl::unexpected(stage.error()), {}};
  Outcome outcome;
  outcome.rewards = {1, 0};
  outcome.success = true;
  std::vector<Trajectory> rows(2);
  rows[0].agent = "b";
  rows[1].agent = "a";
  Assigned out;
  out.status = executor->run(assign_one(**stage, outcome, rows));
  out.rewards = {rows[0].reward, rows[1].reward};
  return out;
}

TEST(CreditStage, AProgramSharesOutTheCredit) {
  const Assigned a = assigned(R"(while read -r line; do
    case "$line" in
      '{"credit":{"agents":["a","b"],"rewards":[1.0,0.0],"success":true,"task":{"index":4}}}')
        echo '{"rewards": {"a": 0.75, "b": 0.25}}';;
      *) echo "{\"rewards\": \"$line\"}";;
    esac; done)");
  ASSERT_TRUE(a.status) << a.status.error().message;
  EXPECT_EQ(a.rewards, (std::vector<double>{0.25, 0.75}));
}

TEST(CreditStage, AFaultIsAnInfrastructureFailureWithAReason) {
  for (const auto& [reply, wanted] : std::vector<std::pair<std::string, std::string>>{
           {R"({"rewards": {"a": 1}})", "no reward for 'b'"},
           {R"({"rewards": {"a": 1, "b": "x"}})", "no reward for 'b'"},
           {R"({"rewards": {"a": 1, "b": 1, "c": 1}})", "unknown agent 'c'"},
           {R"({"rewards": {"a": 1, "b": 1e999}})", "expected {\"rewards\""},
           {R"({"reward": 1})", "it replied {\"reward\":1}"},
           {"hello", "not a JSON object"}}) {
    const Assigned a = assigned("while read -r line; do echo '" + reply + "'; done");
    ASSERT_FALSE(a.status) << reply;
    EXPECT_EQ(a.status.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(a.status.error().message.find(wanted), std::string::npos) << a.status.error().message;
    EXPECT_EQ(a.rewards, (std::vector<double>{0, 0})) << "never a reward";
  }
  EXPECT_NE(assigned("exit 3").status.error().message.find("exit status 3"), std::string::npos);
}

TEST(CreditStage, AFailedReplyIsAskedForAgain) {
  // The first request is answered with nonsense; what is left behind tells the next process.
  const std::string mark = ::testing::TempDir() + "credit_stage_test_mark";
  const std::string script = "read -r line; if rm " + mark +
                             " 2>/dev/null; then echo '{}'; fi; "
                             R"(echo '{"rewards": {"a": 2, "b": 3}}'; read -r line)";
  ASSERT_EQ(std::system(("touch " + mark).c_str()), 0);
  EXPECT_FALSE(assigned(script).status);
  ASSERT_EQ(std::system(("touch " + mark).c_str()), 0);
  const Assigned a = assigned(script, 1);
  ASSERT_TRUE(a.status) << a.status.error().message;
  EXPECT_EQ(a.rewards, (std::vector<double>{3, 2}));
}

TEST(CreditStage, ACommandThatCannotRunIsRefused) {
  CreditOptions options;
  options.kind = "command";
  options.command = {"/nonexistent"};
  auto executor = make_live_executor(1);
  const auto stage = CreditStage::make(*executor, options, {"a"});
  ASSERT_FALSE(stage);
  EXPECT_NE(stage.error().message.find("credit.command"), std::string::npos);
}

}  // namespace
}  // namespace troupe
