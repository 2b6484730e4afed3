#include <algorithm>
#include <map>
#include <set>

#include "base/options.h"
#include "rollout/workflow/workflow_test_support.h"

namespace troupe {
namespace {

/// A solver whose answers follow from the seed alone.
std::string solve(const std::string&, const std::string&, std::uint64_t seed) {
  static const std::vector<std::string> all = {"abc", "cba", "acb", "ab", "c"};
  return all[Rng(seed).below(all.size())];
}

TEST(PerTurn, BranchesBeginWithTheSamePromptAndTheBestGoesOn) {
  std::set<double> outcomes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    WorkflowStage stage("per_turn", {{"turn_samples", 3}}, solve);
    const auto record = stage.play("bca", seed);
    ASSERT_TRUE(record) << record.error().message;
    ASSERT_EQ(record->trajectories.size(), 3U);
    double most = 0;
    std::set<std::string> ids;
    for (const Trajectory& row : record->trajectories) {
      EXPECT_EQ(row.segments.front().tokens, record->trajectories.front().segments.front().tokens);
      EXPECT_EQ(row.context, 0) << "the turn";
      EXPECT_TRUE(ids.insert(row.sample_id).second) << row.sample_id;
      most = std::max(most, row.reward);
    }
    EXPECT_EQ(record->outcome.rewards[0], most);
    outcomes.insert(most);
  }
  EXPECT_GT(outcomes.size(), 1U);
}

/// A world of three turns, in which the answer's length is earned each time.
class LengthSpec final : public EnvironmentSpec {
 public:
  std::string name() const override { return "length"; }
  std::string summary() const override { return "say much"; }
  std::string optimum() const override { return "none"; }
  void declare(OptionSet&) override {}
  Status prepare() override { return {}; }
  std::vector<std::string> agents() const override { return {"speaker"}; }
  std::string alphabet() const override { return "abc123>"; }
  std::optional<std::uint64_t> size(Split) const override { return 1; }
  Result<Task> task(Split, std::uint64_t) const override { return Task{"t", "{}"}; }
  std::unique_ptr<Environment> make() const override { return std::make_unique<World>(); }
  int max_answer() const override { return 4; }
  int max_turns() const override { return 3; }
  std::pair<double, double> reward_range() const override { return {0, 100}; }

 private:
  class World final : public Environment {
   public:
    Result<Turn> reset(const Task&, std::uint64_t) override { return next(); }
    Result<Turn> step(const std::vector<Action>& actions) override {
      EXPECT_EQ(actions.at(0).agent, "speaker");
      earned_ += static_cast<double>(actions[0].text.size());
      return next();
    }
    Outcome outcome() const override { return {{earned_}, true}; }
    Result<std::string> demonstrate(const Prompt&, double, Rng&) const override { return "a"; }

   private:
    Result<Turn> next() {
      if (turn_ == 3) return Turn{};
      return Turn{{Prompt{"speaker", std::to_string(++turn_) + ">"}}};
    }
    int turn_ = 0;
    double earned_ = 0;
  };
};

TEST(PerTurn, LaterTurnsGoOnFromTheBestAnswerWithoutItsPlayout) {
  WorkflowStage stage("per_turn", {{"turn_samples", 4}}, solve);
  stage.spec = make_team_spec(std::make_unique<LengthSpec>(), *stage.workflow);
  stage.tokenizer = make_symbol_tokenizer(stage.spec->alphabet());
  stage.agents.at("solver").tokenizer = stage.tokenizer;
  const auto record = stage.play("bca", 3);
  ASSERT_TRUE(record) << record.error().message;
  ASSERT_EQ(record->trajectories.size(), 12U);  // 4 in each of 3 turns; no playouts
  std::map<int, std::vector<const Trajectory*>> turns;
  for (const Trajectory& row : record->trajectories) turns[row.context].push_back(&row);
  std::string before;
  for (int turn = 0; turn < 3; ++turn) {
    const auto& rows = turns[turn];
    ASSERT_EQ(rows.size(), 4U);
    const Trajectory* best = rows.front();
    for (const Trajectory* row : rows) {
      std::string shown;
      for (const Segment& segment : row->segments) {
        if (!segment.sampled) shown += stage.text_of(segment.tokens);
      }
      EXPECT_EQ(shown, before + std::to_string(turn + 1) + ">");
      EXPECT_EQ(std::count_if(row->segments.begin(), row->segments.end(),
                              [](const Segment& s) { return s.sampled; }),
                1);
      if (row->reward > best->reward) best = row;
    }
    before = "";
    for (const Segment& segment : best->segments) before += stage.text_of(segment.tokens);
  }
  // What the last turn's best earned is what the episode earned.
  double most = 0;
  for (const Trajectory* row : turns[2]) most = std::max(most, row->reward);
  EXPECT_EQ(record->outcome.rewards[0], most);
}

}  // namespace
}  // namespace troupe
