// Law: the gradient of a step has the bits of the plain synchronous loop's, whatever the order of
// arrival, the micro-batches and the threads, for every algorithm.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/shown_test_support.h"
#include "train/advantage/advantage.h"
#include "train/loss/registry.h"
#include "train/trainer_test_groups.h"

namespace troupe {
namespace {

using Groups = std::vector<std::shared_ptr<const Group>>;

/// A policy whose version 5 is trained, and the versions before it.
struct Policy {
  AdapterBase base;  ///< null: the whole model is trained
  std::shared_ptr<const Weights> weights, before;
  std::shared_ptr<const Weights> reference;
  std::unique_ptr<const Decoder> decoder, older;

  static std::unique_ptr<Policy> whole() {
    auto out = std::make_unique<Policy>();
    out->weights = std::make_shared<const Weights>(random_weights(tiny(), 3));
    out->before = near(*out->weights);
    out->reference = std::make_shared<const Weights>(random_weights(tiny(), 5));
    out->decoder = std::make_unique<const Decoder>(out->weights);
    out->older = std::make_unique<const Decoder>(out->before);
    return out;
  }
  static std::unique_ptr<Policy> adapter() {
    auto out = std::make_unique<Policy>();
    out->base.decoder = std::make_shared<const Decoder>(
        std::make_shared<const Weights>(random_weights(tiny(), 3)), Dtype::kBf16);
    out->base.settings.rank = 4;
    out->base.settings.targets.fill(true);
    const auto make = [&](std::uint64_t seed) {
      return std::make_shared<const Weights>(random_lora(tiny(), out->base.settings, seed));
    };
    out->weights = near(*make(1));  // a fresh adapter does nothing
    out->before = near(*out->weights);
    out->reference = make(1);
    const auto pack = [&](const std::shared_ptr<const Weights>& lora) {
      return std::make_unique<const Decoder>(*out->base.decoder, out->base.settings, lora);
    };
    out->decoder = pack(out->weights);
    out->older = pack(out->before);
    return out;
  }
  [[nodiscard]] Dtype dtype() const { return decoder->dtype(); }

 private:
  static std::shared_ptr<const Weights> near(const Weights& weights) {
    auto moved = std::make_shared<Weights>(weights);
    Rng rng(8);
    for (float& w : moved->values) w += static_cast<float>(0.03 * rng.normal());
    return moved;
  }
};

struct Algorithm {
  AlgorithmOptions options;
  bool stale_too = true;  ///< whether it may meet tokens of older versions
};

/// Groups whose rewards give the advantages that `kind` compares within a group.
Groups make_groups(const Policy& policy, const std::string& kind, bool stale) {
  Version now;
  now.number = 5;
  Version then;
  then.number = 4;
  std::vector<RowSampler> samplers;
  samplers.push_back(RowSampler{policy.decoder.get(), now});
  if (stale) samplers.push_back(RowSampler{policy.older.get(), then});
  Groups out;
  for (const auto& sampled : sampled_groups(std::move(samplers), 10, 17)) {
    auto group = std::make_shared<Group>(*sampled);
    std::vector<Scored> scores;
    for (const Trajectory& row : group->rows) scores.push_back({row.agent, row.reward});
    AlgorithmOptions options;
    options.advantage = kind;
    group->advantages = group_advantages(advantage_settings(options), scores);
    out.push_back(std::move(group));
  }
  return out;
}

/// What a step makes: its gradient, and all that it changes.
struct Outcome {
  std::vector<float> gradient, weights, second;
  std::int64_t clipped = 0;
};

Outcome train(Executor& executor, const Policy& policy, const AlgorithmOptions& algorithm,
              const Groups& groups, std::size_t micro_batch, std::int64_t pack_tokens = 4096) {
  OptimizerOptions optimizer;
  optimizer.beta1 = 0;  // so that AdamW's first moment is the gradient
  optimizer.clip_norm = 1e6;
  Trainer trainer(executor, "p", optimizer, algorithm, policy.weights, policy.dtype(), policy.base);
  TrainerState state = trainer.export_state();
  state.version = 5;
  EXPECT_TRUE(trainer.import_state(std::move(state), policy.weights));
  trainer.configure(1.0F, 8, pack_tokens);
  trainer.set_reference(policy.reference);
  StepResult result;
  EXPECT_TRUE(executor.run(one_step(executor, trainer, groups, result, micro_batch)));
  EXPECT_FALSE(result.skipped) << result.skip_reason;
  EXPECT_EQ(result.tokens.mismatch, 0);
  TrainerState after = trainer.export_state();
  return {std::move(after.first), trainer.weights()->values, std::move(after.second),
          result.tokens.clipped};
}

/// The plain synchronous loop: one worker, one group after another in their order.
Outcome plain(const Policy& policy, const AlgorithmOptions& algorithm, const Groups& groups) {
  VirtualOptions one;
  one.workers = 1;
  return train(*make_virtual_executor(one), policy, algorithm, groups, 1);
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float out = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float gap = std::abs(a[i] - b[i]);
    out = gap <= out ? out : gap;  // a NaN stays
  }
  return out;
}

void expect_exact(const Policy& policy, const AlgorithmOptions& algorithm, const std::string& name,
                  const std::string& mode) {
  const bool stale = mode == "overlap";
  Groups groups = make_groups(policy, algorithm.advantage, stale);
  const Outcome expected = plain(policy, algorithm, groups);
  EXPECT_GT(largest_difference(expected.gradient, std::vector<float>(expected.gradient.size())), 0)
      << "no gradient at all";
  std::vector<Outcome> outcomes;
  Rng rng(23);
  for (int round = 0; round < 6; ++round) {
    // Barrier: the whole batch is there. Otherwise groups come in any order, a few at a time.
    std::size_t micro_batch = 0;
    if (mode != "barrier") {
      for (std::size_t i = groups.size(); i > 1; --i) {
        std::swap(groups[i - 1], groups[rng.below(i)]);
      }
      micro_batch = 1 + rng.below(groups.size());
    }
    VirtualOptions clock;
    clock.seed = rng.next();
    clock.workers = 1 + round % 4;
    const auto executor = round < 3 ? make_live_executor(1 + round) : make_virtual_executor(clock);
    outcomes.push_back(train(*executor, policy, algorithm, groups, micro_batch));
  }
  float gap = 0;
  for (const Outcome& got : outcomes) {
    gap = std::max(gap, largest_difference(expected.gradient, got.gradient));
    EXPECT_EQ(got.gradient, expected.gradient);
    EXPECT_EQ(got.weights, expected.weights);
    EXPECT_EQ(got.second, expected.second);
  }
  show(fmt::format("exact: {} mode={}: largest gradient difference {}\n", name, mode, gap));
  EXPECT_EQ(gap, 0);
}

void expect_exact_in_all_modes(const Policy& policy, const AlgorithmOptions& algorithm,
                               const std::string& more = "") {
  const std::string name =
      fmt::format("loss={} advantage={}{}", algorithm.loss, algorithm.advantage, more);
  for (const char* mode : {"barrier", "micro_batch", "overlap"}) {
    const bool stale = mode == std::string("overlap");
    if (!exact_combination(algorithm, stale)) {
      EXPECT_TRUE(stale) << name;
      continue;
    }
    expect_exact(policy, algorithm, name, mode);
  }
}

std::vector<AlgorithmOptions> algorithms() {
  std::vector<AlgorithmOptions> out;
  for (const LossEntry& loss : loss_entries()) {
    for (const char* advantage : {"grpo", "dr_grpo", "reinforce_pp", "lite_ppo"}) {
      AlgorithmOptions options;
      options.loss = loss.name;
      options.advantage = advantage;
      if (loss.name == "dapo") options.normalizer = "token";
      if (loss.name == "ipa") options.chunk_discount = 0.9;
      out.push_back(options);
    }
  }
  return out;
}

TEST(Exact, EveryLossAndAdvantage) {
  const auto policy = Policy::whole();
  for (const AlgorithmOptions& algorithm : algorithms()) {
    expect_exact_in_all_modes(*policy, algorithm);
  }
}

TEST(Exact, WithKlAndEntropyTerms) {
  const auto policy = Policy::whole();
  for (AlgorithmOptions algorithm : algorithms()) {
    if (algorithm.loss != "grpo" && algorithm.loss != "gspo") continue;
    algorithm.kl_coefficient = 0.1;
    algorithm.entropy_coefficient = 0.02;
    expect_exact_in_all_modes(*policy, algorithm, " terms=kl+entropy");
  }
}

TEST(Exact, Adapters) {
  const auto policy = Policy::adapter();
  for (const AlgorithmOptions& algorithm : algorithms()) {
    expect_exact_in_all_modes(*policy, algorithm, " weights=adapter");
  }
}

TEST(Exact, OlderTokensTellTheLossesApartAndCurrentOnesDoNot) {
  const auto policy = Policy::whole();
  const Groups stale = make_groups(*policy, "grpo", true);
  const Groups current = make_groups(*policy, "grpo", false);
  std::vector<Outcome> seen;
  AlgorithmOptions grpo;
  const Outcome expected = plain(*policy, grpo, current);
  for (const LossEntry& loss : loss_entries()) {
    AlgorithmOptions options;
    options.loss = loss.name;
    EXPECT_EQ(plain(*policy, options, current).gradient, expected.gradient) << loss.name;
    // As published: ppo is grpo without its second clip.
    if (loss.name == "ppo") options.dual_clip = 1.05;
    const Outcome got = plain(*policy, options, stale);
    for (const Outcome& other : seen) EXPECT_NE(got.gradient, other.gradient) << loss.name;
    seen.push_back(got);
  }
}

TEST(Exact, ScaledSumsAreTheGradientOfScaledAdvantages) {
  const auto policy = Policy::whole();
  for (const char* kind : {"reinforce_pp", "lite_ppo"}) {
    AlgorithmOptions algorithm;
    algorithm.advantage = kind;
    algorithm.kl_coefficient = 0.1;
    algorithm.entropy_coefficient = 0.02;
    const Groups groups = make_groups(*policy, kind, false);
    // The loop that waits for the batch and scales the advantages before any backward pass.
    double count = 0, sum = 0, squares = 0;
    const bool tokens = kind == std::string("reinforce_pp");
    for (const auto& group : groups) {
      for (const Trajectory& row : group->rows) {
        const double n = tokens ? static_cast<double>(row.sampled_tokens()) : 1.0;
        count += n;
        sum += n * row.reward;
        squares += n * row.reward * row.reward;
      }
    }
    const double mean = sum / count;
    const double deviation = std::sqrt(squares / count - mean * mean);
    Groups scaled;
    for (const auto& group : groups) {
      auto copy = std::make_shared<Group>(*group);
      for (double& a : copy->advantages) a = (a - (tokens ? mean : 0.0)) / (deviation + 1e-6);
      scaled.push_back(std::move(copy));
    }
    AlgorithmOptions unscaled = algorithm;
    unscaled.advantage = "dr_grpo";
    const Outcome got = plain(*policy, algorithm, groups);
    const Outcome expected = plain(*policy, unscaled, scaled);
    const std::vector<float> zero(got.gradient.size());
    EXPECT_LT(largest_difference(got.gradient, expected.gradient),
              2e-6F * largest_difference(expected.gradient, zero))
        << kind;
  }
}

TEST(Exact, RewardsThatAreAllEqualGiveNoPolicyGradient) {
  const auto policy = Policy::whole();
  AlgorithmOptions algorithm;
  algorithm.advantage = "reinforce_pp";
  Groups groups;
  for (const auto& group : make_groups(*policy, "reinforce_pp", false)) {
    auto copy = std::make_shared<Group>(*group);
    copy->advantages.assign(copy->rows.size(), 0.3);
    groups.push_back(std::move(copy));
  }
  const Outcome got = plain(*policy, algorithm, groups);
  EXPECT_EQ(got.gradient, std::vector<float>(got.gradient.size(), 0.0F));
}

TEST(Exact, PassesOfAnySizeThatHoldAGroupGiveTheSameBits) {
  const auto policy = Policy::whole();
  const AlgorithmOptions algorithm;
  const Groups groups = make_groups(*policy, "grpo", false);
  const Outcome expected = plain(*policy, algorithm, groups);
  std::int64_t longest = 0;
  for (const auto& group : groups) {
    std::int64_t tokens = 0;
    for (const Trajectory& row : group->rows) tokens += row.tokens();
    longest = std::max(longest, tokens);
  }
  const auto executor = make_virtual_executor({});
  for (const std::int64_t pack : {longest, longest + 7, 2 * longest}) {
    EXPECT_EQ(train(*executor, *policy, algorithm, groups, 3, pack).gradient, expected.gradient);
  }
  // Smaller ones round differently: a group that is divided among passes is the one exception.
  const Outcome divided = train(*executor, *policy, algorithm, groups, 3, longest / 3);
  const float gap = largest_difference(expected.gradient, divided.gradient);
  show(fmt::format("not exact, by pipeline.pack_tokens: a group divided among passes: {}\n", gap));
  EXPECT_LT(gap, 1e-6F * largest_difference(expected.gradient,
                                            std::vector<float>(expected.gradient.size())));
}

}  // namespace
}  // namespace troupe
