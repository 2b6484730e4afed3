// Law: advantages that need more than the rewards of a group (averages of the past, a critic, the
// rewards of single answers) leave the gradient a function of the group and the frozen state: steps
// have the bits of the plain synchronous loop's, in every mode and after a resume.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/shown_test_support.h"
#include "train/advantage/advantage.h"
#include "train/trainer_test_groups.h"

namespace troupe {
namespace {

using Groups = std::vector<std::shared_ptr<const Group>>;
constexpr int kSteps = 3;

struct Kind {
  std::string name;
  AlgorithmOptions options;
  bool turns = false;  ///< credit of single answers
};

std::vector<Kind> kinds() {
  std::vector<Kind> out;
  const auto add = [&](const std::string& advantage, const std::string& group_by, bool turns) {
    Kind kind;
    kind.options.advantage = advantage;
    kind.options.group_by = group_by;
    kind.options.baseline_decay = 0.7;
    kind.options.gae_lambda = 0.8;
    kind.options.gae_discount = 0.9;
    kind.options.critic_learning_rate = 2e-2;
    kind.turns = turns;
    kind.name = fmt::format("advantage={} group_by={} credit={}", advantage, group_by,
                            turns ? "turn" : "agent");
    out.push_back(kind);
  };
  add("rloo", "agent", false);
  add("grpo", "task", false);
  add("grpo", "agent_turn", false);
  add("grpo", "agent", true);
  add("rloo", "agent_turn", true);
  add("role_baseline", "agent", false);
  add("gae", "agent", false);
  add("gae", "agent", true);
  return out;
}

/// A trainer of a kind, and what it runs on.
struct Learner {
  Learner(Executor& on, const Kind& kind, std::shared_ptr<const Weights> weights)
      : executor(on), trainer(on, "p", optimizer(), kind.options, std::move(weights)) {
    trainer.configure(1.0F, 8, 4096);
    if (kind.turns) trainer.compare_turns(0.9);
  }
  static OptimizerOptions optimizer() {
    OptimizerOptions out;
    out.beta1 = 0;  // so that AdamW's first moment is the gradient
    out.clip_norm = 1e6;
    out.learning_rate = 1e-2;
    return out;
  }
  void step(const Groups& groups, std::size_t micro_batch) {
    StepResult result;
    EXPECT_TRUE(executor.run(one_step(executor, trainer, groups, result, micro_batch)));
    EXPECT_FALSE(result.skipped) << result.skip_reason;
  }

  Executor& executor;
  Trainer trainer;
};

/// Two agents, two contexts each; answers earn something by themselves. Sampled by `weights`.
Groups make_groups(const Kind& kind, const std::shared_ptr<const Weights>& weights, Version version,
                   int step) {
  const Decoder decoder(weights);
  std::vector<RowSampler> samplers;
  samplers.push_back(RowSampler{&decoder, version});
  AdvantageSettings settings = advantage_settings(kind.options);
  Rng rng(static_cast<std::uint64_t>(40 + step));
  Groups out;
  for (const auto& sampled :
       sampled_groups(std::move(samplers), 6, static_cast<std::uint64_t>(70 + step))) {
    auto group = std::make_shared<Group>(*sampled);
    group->key.step = step;
    std::vector<Scored> scores;
    for (std::size_t i = 0; i < group->rows.size(); ++i) {
      Trajectory& row = group->rows[i];
      row.agent = i % 2 == 0 ? "a" : "b";
      row.context = static_cast<int>(rng.below(2));
      row.reward += row.agent == "a" ? 1 : 0;
      for (Segment& segment : row.segments) segment.reward = segment.sampled ? rng.normal() : 0;
      scores.push_back({row.agent, row.reward, row.context});
    }
    group->advantages = group_advantages(settings, scores);
    out.push_back(std::move(group));
  }
  return out;
}

void expect_same(const Trainer& got, const Trainer& expected) {
  const TrainerState a = got.export_state();
  const TrainerState b = expected.export_state();
  EXPECT_EQ(got.weights()->values, expected.weights()->values);
  EXPECT_EQ(a.first, b.first);
  EXPECT_EQ(a.second, b.second);
  EXPECT_EQ(a.role_baselines, b.role_baselines);
  ASSERT_EQ(a.critic.weights == nullptr, b.critic.weights == nullptr);
  if (!a.critic.weights) return;
  EXPECT_EQ(a.critic.weights->values, b.critic.weights->values);
  EXPECT_EQ(a.critic.first, b.critic.first);
  EXPECT_EQ(a.critic.second, b.critic.second);
}

float largest_gap(const Trainer& a, const Trainer& b) {
  const TrainerState sa = a.export_state();
  const TrainerState sb = b.export_state();
  float out = 0;
  for (std::size_t i = 0; i < sa.first.size(); ++i) {
    const float gap = std::abs(sa.first[i] - sb.first[i]);
    out = gap <= out ? out : gap;  // a NaN stays
  }
  return out;
}

/// A run of the plain synchronous loop, one group after another in their order, and the groups of
/// its steps: sampled by the version that trains on them, or in overlap by the one before.
struct Plain {
  Plain(const Kind& kind, const std::shared_ptr<const Weights>& start, bool overlap) {
    VirtualOptions one;
    one.workers = 1;
    executor = make_virtual_executor(one);
    learner = std::make_unique<Learner>(*executor, kind, start);
    std::shared_ptr<const Weights> before = start;
    Version older;
    for (int step = 0; step < kSteps; ++step) {
      const std::shared_ptr<const Weights> now = learner->trainer.weights();
      const Version version = learner->trainer.version();
      groups.push_back(make_groups(kind, overlap ? before : now, overlap ? older : version, step));
      before = now;
      older = version;
      learner->step(groups.back(), 1);
    }
  }
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Learner> learner;
  std::vector<Groups> groups;
};

TEST(AdvantageExact, EveryKindInEveryMode) {
  const auto start = std::make_shared<const Weights>(random_weights(tiny(), 3));
  for (const Kind& kind : kinds()) {
    for (const std::string mode : {"barrier", "micro_batch", "overlap"}) {
      const Plain plain(kind, start, mode == "overlap");
      Rng rng(23);
      float gap = 0;
      for (int round = 0; round < 4; ++round) {
        VirtualOptions clock;
        clock.seed = rng.next();
        clock.workers = 1 + round % 4;
        const auto executor =
            round < 2 ? make_live_executor(1 + round) : make_virtual_executor(clock);
        Learner learner(*executor, kind, start);
        for (Groups groups : plain.groups) {
          if (mode == "barrier") {
            learner.step(groups, 0);
            continue;
          }
          for (std::size_t i = groups.size(); i > 1; --i) {
            std::swap(groups[i - 1], groups[rng.below(i)]);
          }
          learner.step(groups, 1 + rng.below(groups.size()));
        }
        gap = std::max(gap, largest_gap(learner.trainer, plain.learner->trainer));
        expect_same(learner.trainer, plain.learner->trainer);
      }
      show(fmt::format("exact: loss=grpo {} mode={}: largest gradient difference {}\n", kind.name,
                       mode, gap));
      EXPECT_EQ(gap, 0);
    }
  }
}

TEST(AdvantageExact, AResumeInTheMiddleChangesNothing) {
  const auto start = std::make_shared<const Weights>(random_weights(tiny(), 3));
  for (const Kind& kind : kinds()) {
    const Plain plain(kind, start, false);
    const auto executor = make_virtual_executor({});
    Learner before(*executor, kind, start);
    before.step(plain.groups[0], 0);
    before.step(plain.groups[1], 0);
    Learner after(*executor, kind, start);
    ASSERT_TRUE(
        after.trainer.import_state(before.trainer.export_state(), before.trainer.weights()));
    after.step(plain.groups[2], 0);
    expect_same(after.trainer, plain.learner->trainer);
  }
}

TEST(AdvantageExact, KindsDifferFromEachOther) {
  const auto start = std::make_shared<const Weights>(random_weights(tiny(), 3));
  std::vector<std::vector<float>> seen;
  for (const Kind& kind : kinds()) {
    const Plain plain(kind, start, false);
    seen.push_back(plain.learner->trainer.weights()->values);
    for (std::size_t i = 0; i + 1 < seen.size(); ++i) {
      EXPECT_NE(seen[i], seen.back()) << kind.name << " and " << kinds()[i].name;
    }
  }
}

/// The baseline that a step uses is the one that it began with, and it moves in the groups' order.
TEST(AdvantageExact, ARoleBaselineIsTheAdvantageThatItSays) {
  const auto start = std::make_shared<const Weights>(random_weights(tiny(), 3));
  const Kind role = kinds()[5];
  ASSERT_EQ(role.options.advantage, "role_baseline");
  const auto executor = make_virtual_executor({});
  Learner learner(*executor, role, start);
  Kind given;  // takes Group::advantages as they are
  Learner by_hand(*executor, given, start);
  std::map<std::string, double> average;
  for (int step = 0; step < kSteps; ++step) {
    const Groups groups = make_groups(role, learner.trainer.weights(), Version(), step);
    Groups told;
    for (const auto& group : groups) {
      auto copy = std::make_shared<Group>(*group);
      for (std::size_t i = 0; i < copy->rows.size(); ++i) {
        copy->advantages[i] = copy->rows[i].reward - average[copy->rows[i].agent];
      }
      told.push_back(std::move(copy));
    }
    learner.step(groups, 0);
    by_hand.step(told, 0);
    for (const auto& group : groups) {
      for (const Trajectory& row : group->rows) {
        average[row.agent] = 0.7 * average[row.agent] + (1 - 0.7) * row.reward;
      }
    }
    EXPECT_EQ(learner.trainer.weights()->values, by_hand.trainer.weights()->values);
    EXPECT_EQ(learner.trainer.export_state().role_baselines, average);
  }
}

TEST(AdvantageExact, ASkippedStepMovesNoBaselineAndNoCritic) {
  const auto start = std::make_shared<const Weights>(random_weights(tiny(), 3));
  for (const Kind& kind : kinds()) {
    if (kind.options.advantage != "gae" && kind.options.advantage != "role_baseline") continue;
    const auto executor = make_virtual_executor({});
    Learner learner(*executor, kind, start);
    Groups groups = make_groups(kind, start, Version(), 0);
    learner.step(groups, 0);
    Learner same(*executor, kind, start);
    ASSERT_TRUE(
        same.trainer.import_state(learner.trainer.export_state(), learner.trainer.weights()));
    auto poisoned = std::make_shared<Group>(*groups[1]);
    poisoned->rows[0].reward = poisoned->rows[0].segments.back().reward = std::nan("");
    groups[1] = poisoned;
    StepResult result;
    ASSERT_TRUE(executor->run(one_step(*executor, learner.trainer, groups, result)));
    EXPECT_TRUE(result.skipped);
    expect_same(learner.trainer, same.trainer);
    // And nothing of it is left in the next step.
    const Groups next = make_groups(kind, start, Version(), 1);
    learner.step(next, 0);
    same.step(next, 0);
    expect_same(learner.trainer, same.trainer);
  }
}

}  // namespace
}  // namespace troupe
