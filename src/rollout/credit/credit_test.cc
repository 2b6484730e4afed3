#include "rollout/credit/credit.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

const std::vector<std::string> kAgents = {"first", "second"};

/// Rows as an episode leaves them: the first agent has two contexts, one with a reward of its own.
std::vector<Trajectory> rows() {
  std::vector<Trajectory> out(3);
  out[0].agent = "second";
  out[0].reward = 3;
  out[1].agent = out[2].agent = "first";
  out[1].reward = 1;
  out[2].reward = 0.5;
  return out;
}

std::vector<double> rewards(const std::vector<Trajectory>& rows) {
  std::vector<double> out;
  for (const Trajectory& row : rows) out.push_back(row.reward);
  return out;
}

Outcome outcome() {
  Outcome out;
  out.rewards = {1, 3};
  return out;
}

TEST(Credit, TheAgentsOwnRewardStays) {
  auto r = rows();
  ASSERT_TRUE(assign_credit(CreditKind::kAgent, kAgents, outcome(), r));
  EXPECT_EQ(rewards(r), (std::vector<double>{3, 1, 0.5}));
}

TEST(Credit, TheTeamsIsTheMeanOverAgentsNotRows) {
  auto r = rows();
  ASSERT_TRUE(assign_credit(CreditKind::kTeam, kAgents, outcome(), r));
  EXPECT_EQ(rewards(r), (std::vector<double>{2, 2, 2}));
}

TEST(Credit, ADifferenceIsWhatTheTeamOwesToTheAgent) {
  auto r = rows();
  Outcome o = outcome();
  const Status none = assign_credit(CreditKind::kDifference, kAgents, o, r);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kInvalid);
  EXPECT_NE(none.error().message.find("2 agents, and the environment gives 0"), std::string::npos);
  EXPECT_EQ(rewards(r), (std::vector<double>{3, 1, 0.5})) << "an error changes nothing";
  o.without = {2, -1};  // without the first the team would have done as well
  ASSERT_TRUE(assign_credit(CreditKind::kDifference, kAgents, o, r));
  EXPECT_EQ(rewards(r), (std::vector<double>{3, 0, 0}));
}

TEST(Credit, TurnsNeedRewardsOfAnswers) {
  auto r = rows();
  Outcome o = outcome();
  const Status none = assign_credit(CreditKind::kTurn, kAgents, o, r);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("Outcome::turns"), std::string::npos);
  o.turns = {{"first", 0, 0, 1}};
  EXPECT_TRUE(assign_credit(CreditKind::kTurn, kAgents, o, r));
  EXPECT_EQ(rewards(r), (std::vector<double>{3, 1, 0.5}));
}

}  // namespace
}  // namespace troupe
