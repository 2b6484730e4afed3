#include "train/advantage/grouping.h"

#include <gtest/gtest.h>

#include "experience/row.h"

namespace troupe {
namespace {

using GroupBy = AdvantageSettings::GroupBy;
using Indices = std::vector<std::vector<std::size_t>>;

TEST(Comparisons, PutEveryRowInOnePlace) {
  const std::vector<Scored> rows = {
      {"b", 0, 0}, {"a", 0, 1}, {"b", 0, 0}, {"a", 0, 0}, {"a", 0, 1}};
  EXPECT_EQ(comparisons(GroupBy::kTask, rows), (Indices{{0, 1, 2, 3, 4}}));
  EXPECT_EQ(comparisons(GroupBy::kAgent, rows), (Indices{{1, 3, 4}, {0, 2}}));
  EXPECT_EQ(comparisons(GroupBy::kAgentTurn, rows), (Indices{{3}, {1, 4}, {0, 2}}));
  EXPECT_TRUE(comparisons(GroupBy::kTask, {}).empty());
}

Trajectory row(const std::string& sample_id, std::vector<TokenId> prompt, int context = 0) {
  Trajectory out;
  out.sample_id = sample_id;
  out.agent = "solver";
  out.context = context;
  Segment shown;
  shown.tokens = std::move(prompt);
  Segment said;
  said.sampled = true;
  said.tokens = {9};
  Segment later;  // after the first answer prompts may differ
  later.tokens = {static_cast<TokenId>(sample_id.back())};
  out.segments = {shown, said, later, said};
  return out;
}

Group group(std::vector<Trajectory> rows) {
  Group out;
  out.key = {4, 2};
  out.task = "sort-7";
  out.rows = std::move(rows);
  return out;
}

TEST(Comparisons, TellTheTurnsOfStoredRowsApart) {
  const std::vector<Row> stored = {make_row(row("1_0_0", {1})), make_row(row("1_0_0.1", {3}, 1)),
                                   make_row(row("1_0_1", {1})), make_row(row("1_0_1.1", {3}, 1))};
  EXPECT_EQ(comparisons(GroupBy::kAgentTurn, scores(stored)), (Indices{{0, 2}, {1, 3}}));
  EXPECT_EQ(comparisons(GroupBy::kAgent, scores(stored)), (Indices{{0, 1, 2, 3}}));
}

TEST(CheckComparable, RefusesRowsOfDifferentTasks) {
  EXPECT_TRUE(check_comparable(GroupBy::kAgent, group({})));
  EXPECT_TRUE(
      check_comparable(GroupBy::kAgent, group({row("a_12_0_0", {1}), row("a_12_3_1.2", {2})})));
  const Status mixed =
      check_comparable(GroupBy::kTask, group({row("12_0_0", {1}), row("13_0_1", {1})}));
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().message,
            "group 2 of step 5 (task sort-7): samples 12_0_0 and 13_0_1 are of different tasks");
}

TEST(CheckComparable, TurnsNeedTheSamePromptTokens) {
  const auto same = group(
      {row("1_0_0", {1, 2}), row("1_0_0.1", {3}, 1), row("1_0_1", {1, 2}), row("1_0_1.1", {3}, 1)});
  EXPECT_TRUE(check_comparable(GroupBy::kAgentTurn, same));
  const auto other = group({row("1_0_0", {1, 2, 3, 4, 5, 6, 7}), row("1_0_0.1", {3}, 1),
                            row("1_0_1", {1, 2, 3, 4, 5, 8})});
  EXPECT_TRUE(check_comparable(GroupBy::kAgent, other)) << "only turns need it";
  const Status parted = check_comparable(GroupBy::kAgentTurn, other);
  ASSERT_FALSE(parted);
  EXPECT_EQ(parted.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(parted.error().message,
            "group 2 of step 5 (task sort-7): agent \"solver\", turn 0: samples 1_0_0 and 1_0_1 do "
            "not begin with the same prompt, which algorithm.group_by = \"agent_turn\" needs; they "
            "part at token 5: [..., 2, 3, 4, 5, 6, 7] against [..., 2, 3, 4, 5, 8]; use group_by = "
            "\"agent\"");
  const auto shorter = group({row("1_0_0", {1, 2}), row("1_0_1", {1})});
  EXPECT_FALSE(check_comparable(GroupBy::kAgentTurn, shorter)) << "a prefix is not the same";
}

}  // namespace
}  // namespace troupe
