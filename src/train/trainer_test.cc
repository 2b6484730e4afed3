#include "train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "train/trainer_test_groups.h"

namespace troupe {
namespace {

struct Outcome {
  std::string digest;
  StepResult result;
  TrainerState state;
};

Outcome train(Executor& executor, const std::shared_ptr<const Weights>& weights,
              const std::vector<std::shared_ptr<const Group>>& groups, std::int64_t pack,
              const AlgorithmOptions& algorithm = {}) {
  Trainer trainer(executor, "p", {}, algorithm, weights);
  trainer.configure(1.0F, 8, pack);
  trainer.set_reference(weights);
  Outcome out;
  EXPECT_TRUE(executor.run(one_step(executor, trainer, groups, out.result)));
  out.digest = trainer.weights()->digest();
  out.state = trainer.export_state();
  return out;
}

TEST(Trainer, LogProbsOfRolloutAndTrainingAgreeToTheBit) {
  auto weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
  auto executor = make_virtual_executor({});
  const Outcome out = train(*executor, weights, sampled_groups(weights, 6, 1), 4096);
  EXPECT_EQ(out.result.tokens.mismatch, 0.0);
  EXPECT_EQ(out.result.tokens.clipped, 0);
  EXPECT_GT(out.result.tokens.tokens, 0);
  EXPECT_GT(out.result.gradient_norm, 0);
  EXPECT_EQ(out.state.version, 1);
}

TEST(Trainer, ArrivalOrderAndWorkersChangeNoBit) {
  auto weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
  auto groups = sampled_groups(weights, 12, 2);
  std::vector<std::string> digests;
  Rng rng(4);
  for (int round = 0; round < 8; ++round) {
    VirtualOptions options;
    options.seed = static_cast<std::uint64_t>(round);
    options.workers = 1 + round % 4;
    auto executor = make_virtual_executor(options);
    digests.push_back(train(*executor, weights, groups, 4096).digest);
    for (std::size_t i = groups.size(); i > 1; --i) std::swap(groups[i - 1], groups[rng.below(i)]);
  }
  auto live = make_live_executor(3);
  digests.push_back(train(*live, weights, groups, 4096).digest);
  for (const auto& digest : digests) EXPECT_EQ(digest, digests.front());
  EXPECT_NE(digests.front(), weights->digest());
}

TEST(Trainer, KeepsTheReferenceAndMeasuresKl) {
  auto weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
  auto executor = make_virtual_executor({});
  Trainer trainer(*executor, "p", {}, {}, weights);
  trainer.set_reference(weights);
  StepResult first;
  StepResult second;
  const auto groups = sampled_groups(weights, 6, 1);
  ASSERT_TRUE(executor->run(one_step(*executor, trainer, groups, first)));
  ASSERT_TRUE(executor->run(one_step(*executor, trainer, groups, second)));
  EXPECT_EQ(first.tokens.kl, 0) << "the policy is its own reference at first";
  EXPECT_GT(second.tokens.kl, 0);
  EXPECT_GT(second.tokens.kl_tokens, 0);
}

TEST(Trainer, ANonFiniteStepIsSkippedAndNothingMoves) {
  auto weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
  auto executor = make_virtual_executor({});
  auto groups = sampled_groups(weights, 2, 1);
  auto poisoned = std::make_shared<Group>(*groups[1]);
  poisoned->advantages[0] = std::nan("");
  groups[1] = poisoned;
  const Outcome out = train(*executor, weights, groups, 4096);
  EXPECT_TRUE(out.result.skipped);
  EXPECT_FALSE(out.result.skip_reason.empty());
  EXPECT_EQ(out.digest, weights->digest());
  EXPECT_EQ(out.state.version, 0);
  EXPECT_EQ(out.state.optimizer_steps, 0);
  EXPECT_EQ(out.state.skips_in_row, 1);
}

TEST(Trainer, AMeanOverTokensHasRoomForALargeGroup) {
  // The sum over the tokens of such a group is more than the accumulator takes; the mean is not.
  auto weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
  auto small = sampled_groups(weights, 1, 2);
  auto large = std::make_shared<Group>(*small[0]);
  for (int copies = 1; copies < 400; ++copies) {
    large->rows.insert(large->rows.end(), small[0]->rows.begin(), small[0]->rows.end());
  }
  large->advantages.assign(large->rows.size(), 4.0);
  auto one = std::make_shared<Group>(*small[0]);
  one->advantages.assign(one->rows.size(), 4.0);
  auto executor = make_virtual_executor({});
  AlgorithmOptions token;
  token.normalizer = "token";
  const Outcome mean = train(*executor, weights, {one}, 4096, token);
  const Outcome many = train(*executor, weights, {large}, 4096, token);
  EXPECT_FALSE(many.result.skipped) << many.result.skip_reason;
  EXPECT_NEAR(many.result.gradient_norm, mean.result.gradient_norm,
              1e-4 * mean.result.gradient_norm);
}

TEST(Trainer, StateGoesOutAndInWithoutChangingTheFuture) {
  auto weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
  auto executor = make_virtual_executor({});
  AlgorithmOptions algorithm;
  algorithm.entropy_floor = 3.0;
  const auto groups = sampled_groups(weights, 4, 7);
  Trainer a(*executor, "p", {}, algorithm, weights);
  StepResult ignored;
  ASSERT_TRUE(executor->run(one_step(*executor, a, groups, ignored)));
  Trainer b(*executor, "p", {}, algorithm, weights);
  ASSERT_TRUE(b.import_state(a.export_state(), a.weights()));
  StepResult ra;
  StepResult rb;
  ASSERT_TRUE(executor->run(one_step(*executor, a, groups, ra)));
  ASSERT_TRUE(executor->run(one_step(*executor, b, groups, rb)));
  EXPECT_EQ(a.weights()->digest(), b.weights()->digest());
  EXPECT_GT(ra.entropy_coefficient, 0) << "entropy is below its floor, so the bonus grows";
  EXPECT_EQ(ra.entropy_coefficient, rb.entropy_coefficient);
  TrainerState wrong = a.export_state();
  wrong.first.pop_back();
  EXPECT_FALSE(b.import_state(wrong, a.weights()));
}

// A first step of RL without a group must be one of RL also behind a warm start.
TEST(Trainer, AfterARestartNothingIsLeftOfTheWarmStart) {
  AlgorithmOptions algorithm;
  algorithm.advantage = "gae";
  const auto weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
  const auto step_without_groups = [&](bool warm) {
    const auto executor = make_virtual_executor({});
    Trainer trainer(*executor, "p", {}, algorithm, weights);
    const auto body = [&]() -> Async<Status> {
      if (warm) {
        Group group;
        Trajectory row;
        Segment heard, said;
        heard.tokens = {1, 2};
        said.sampled = true;
        said.tokens = {3, 4};
        said.logprobs = {0.0F, 0.0F};
        row.segments = {heard, said};
        group.rows = {row};
        group.advantages = {1.0};
        Status learnt = co_await trainer.accumulate_supervised(std::make_shared<Group>(group));
        if (!learnt) co_return learnt;
        auto stepped = co_await trainer.step(1, 1e-3);
        if (!stepped) co_return tl::unexpected(stepped.error());
        trainer.restart(weights);
      }
      auto stepped = co_await trainer.step(1, 1e-3);
      co_return stepped ? Status() : Status(tl::unexpected(stepped.error()));
    };
    EXPECT_TRUE(executor->run(body()));
    return trainer.export_state();
  };
  const TrainerState fresh = step_without_groups(false);
  const TrainerState warmed = step_without_groups(true);
  EXPECT_EQ(warmed.optimizer_steps, fresh.optimizer_steps);
  EXPECT_EQ(warmed.critic.optimizer_steps, fresh.critic.optimizer_steps);
  EXPECT_EQ(warmed.critic.optimizer_steps, 1);
}

TEST(LearningRate, WarmsUpAndDecays) {
  OptimizerOptions o;
  o.learning_rate = 1;
  o.warmup = 0.1;
  o.final_rate = 0.2;
  EXPECT_NEAR(learning_rate_at(o, 0, 100), 0.1, 1e-12);
  EXPECT_NEAR(learning_rate_at(o, 9, 100), 1, 1e-12);
  EXPECT_NEAR(learning_rate_at(o, 55, 100), 0.6, 1e-12);
  EXPECT_NEAR(learning_rate_at(o, 100, 100), 0.2, 1e-12);
  o.schedule = "cosine";
  EXPECT_NEAR(learning_rate_at(o, 55, 100), 0.6, 1e-12);
  o.schedule = "constant";
  EXPECT_EQ(learning_rate_at(o, 99, 100), 1);
}

}  // namespace
}  // namespace troupe
