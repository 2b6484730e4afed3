#include "train/group_gradient.h"

#include <gtest/gtest.h>

#include "train/loss/clip.h"
#include "train/trainer_test_groups.h"

namespace troupe {
namespace {

/// Keeps what it is asked. One thread.
class Spy final : public Loss {
 public:
  explicit Spy(bool whole_rows) : whole_rows_(whole_rows) {}
  void terms(std::span<const LossToken> row, std::span<LossTerm> out) const override {
    seen.insert(seen.end(), row.begin(), row.end());
    ++calls;
    for (LossTerm& term : out) term = {0, 1, false};
  }
  [[nodiscard]] bool token_level() const override { return !whole_rows_; }

  mutable std::vector<LossToken> seen;
  mutable int calls = 0;

 private:
  bool whole_rows_;
};

struct Team {
  std::shared_ptr<const Weights> weights =
      std::make_shared<const Weights>(random_weights(tiny(), 3));
  std::shared_ptr<const Weights> before =
      std::make_shared<const Weights>(random_weights(tiny(), 4));
  Decoder decoder{weights};
  Decoder older{before};
  Version now;
  std::shared_ptr<const Group> mixed, fresh;

  Team() {
    now.number = 2;
    Version then;
    then.number = 1;
    std::vector<RowSampler> both;
    both.push_back(RowSampler{&decoder, now});
    both.push_back(RowSampler{&older, then});
    mixed = sampled_groups(std::move(both), 1, 5)[0];
    std::vector<RowSampler> one;
    one.push_back(RowSampler{&decoder, now});
    fresh = sampled_groups(std::move(one), 1, 6)[0];
  }
  [[nodiscard]] std::shared_ptr<Spy> ask(bool whole_rows, const Group& group) const {
    auto spy = std::make_shared<Spy>(whole_rows);
    GradientJob job;
    job.decoder = &decoder;
    job.version = now;
    job.loss.policy = spy;
    TrainWorkspace workspace(weights->layout);
    accumulate_group(job, group, workspace);
    return spy;
  }
};

TEST(GroupGradient, ALossOfWholeRowsSeesTheLogProbsOfTheBackwardPass) {
  const Team team;
  for (const auto& group : {team.mixed, team.fresh}) {
    const auto rows = team.ask(true, *group);
    const auto tokens = team.ask(false, *group);
    EXPECT_EQ(rows->calls, 4);
    ASSERT_EQ(rows->seen.size(), tokens->seen.size());
    int drifted = 0;
    for (std::size_t i = 0; i < rows->seen.size(); ++i) {
      EXPECT_EQ(rows->seen[i].logprob, tokens->seen[i].logprob);
      EXPECT_EQ(rows->seen[i].proximal, rows->seen[i].logprob);
      EXPECT_EQ(rows->seen[i].behaviour, tokens->seen[i].behaviour);
      drifted += rows->seen[i].behaviour != rows->seen[i].logprob ? 1 : 0;
    }
    EXPECT_EQ(drifted > 0, group == team.mixed);
  }
}

TEST(GroupGradient, AnAnswerOfTwoVersionsIsOneTurn) {
  const Team team;
  const auto spy = team.ask(true, *team.mixed);
  ASSERT_EQ(team.mixed->rows[0].segments.size(), 6U) << "a prompt and two parts, twice";
  std::vector<int> expected;
  for (const Trajectory& row : team.mixed->rows) {
    for (std::size_t s = 0; s < row.segments.size(); ++s) {
      if (s % 3 == 0) continue;
      expected.insert(expected.end(), row.segments[s].tokens.size(), static_cast<int>(s / 3));
    }
  }
  std::vector<int> turns;
  for (const LossToken& token : spy->seen) turns.push_back(token.turn);
  EXPECT_EQ(turns, expected);
}

TEST(GroupGradient, TokensMayHaveAdvantagesOfTheirOwn) {
  const Team team;
  auto spy = std::make_shared<Spy>(true);
  GradientJob job;
  job.decoder = &team.decoder;
  job.version = team.now;
  job.loss.policy = spy;
  std::vector<double> expected;
  job.token_advantages = [&](const Group& group, CriticWorkspace* /*critic*/) {
    std::vector<std::vector<double>> out;
    for (const Trajectory& row : group.rows) {
      out.emplace_back();
      for (std::int64_t i = 0; i < row.sampled_tokens(); ++i) {
        expected.push_back(static_cast<double>(expected.size()) + 0.5);
        out.back().push_back(expected.back());
      }
    }
    return out;
  };
  TrainWorkspace workspace(team.weights->layout);
  accumulate_group(job, *team.fresh, workspace);
  std::vector<double> got;
  for (const LossToken& token : spy->seen) got.push_back(token.advantage);
  EXPECT_EQ(got, expected);
}

}  // namespace
}  // namespace troupe
