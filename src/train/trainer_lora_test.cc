// Training an adapter on a frozen base.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "train/trainer.h"

namespace troupe {
namespace {

ModelConfig tiny() {
  ModelConfig c;
  c.vocab = 11;
  c.width = 16;
  c.layers = 2;
  c.heads = 2;
  c.kv_heads = 1;
  c.head_dim = 8;
  c.ffn = 24;
  c.max_positions = 32;
  return c;
}

/// Rows that count upwards from a random start, as answers to a one-token prompt.
std::shared_ptr<const Group> counting(std::uint64_t seed) {
  auto group = std::make_shared<Group>();
  Rng rng(seed);
  for (int row = 0; row < 8; ++row) {
    Trajectory t;
    t.agent = "a";
    Segment prompt;
    Segment answer;
    TokenId at = static_cast<TokenId>(rng.below(11));
    prompt.tokens.push_back(at);
    answer.sampled = true;
    for (int i = 0; i < 6; ++i) answer.tokens.push_back(at = (at + 1) % 11);
    t.segments = {prompt, answer};
    group->rows.push_back(std::move(t));
    group->advantages.push_back(1.0);
  }
  return group;
}

Async<Status> learn(Trainer& trainer, int first, int last, std::vector<double>& losses) {
  for (int step = first; step < last; ++step) {
    const Status done =
        co_await trainer.accumulate_supervised(counting(static_cast<std::uint64_t>(step)));
    EXPECT_TRUE(done);
    const auto stepped = co_await trainer.step(1, 2e-2);
    if (!stepped) co_return tl::unexpected(stepped.error());
    const StepResult& result = *stepped;
    EXPECT_FALSE(result.skipped);
    losses.push_back(result.tokens.loss / static_cast<double>(result.tokens.tokens));
  }
  co_return Status();
}

struct Start {
  std::shared_ptr<const Decoder> base;
  LoraSettings settings;
  std::shared_ptr<const Weights> adapter;

  explicit Start(Dtype dtype)
      : base(std::make_shared<const Decoder>(
            std::make_shared<const Weights>(random_weights(tiny(), 3)), dtype)) {
    settings.rank = 4;
    settings.targets.fill(true);
    adapter = std::make_shared<const Weights>(random_lora(tiny(), settings, 1));
  }
  [[nodiscard]] std::unique_ptr<Trainer> trainer(Executor& executor) const {
    return std::make_unique<Trainer>(executor, "p", OptimizerOptions(), AlgorithmOptions(), adapter,
                                     base->dtype(), AdapterBase{base, settings});
  }
};

TEST(TrainerLora, LearnsOnAFrozenBaseAndResumesToTheSameBits) {
  for (const Dtype dtype : {Dtype::kFp32, Dtype::kBf16}) {
    const Start start(dtype);
    const std::string base_before = start.base->weights().digest();
    auto executor = make_virtual_executor({});
    const auto whole = start.trainer(*executor);
    std::vector<double> losses;
    ASSERT_TRUE(executor->run(learn(*whole, 0, 60, losses)));
    EXPECT_LT(losses.back(), 0.5 * losses.front()) << dtype_name(dtype);
    EXPECT_EQ(start.base->weights().digest(), base_before);
    EXPECT_TRUE(whole->decoder()->shares_base(*start.base));

    // Everything that grows with what is trained has the adapter's size, not the base's.
    const TrainerState state = whole->export_state();
    EXPECT_EQ(state.first.size(), start.adapter->layout.size());
    EXPECT_LT(state.first.size(), start.base->weights().layout.size() / 2);

    const auto before = start.trainer(*executor);
    std::vector<double> rest;
    ASSERT_TRUE(executor->run(learn(*before, 0, 25, rest)));
    const auto after = start.trainer(*executor);
    ASSERT_TRUE(after->import_state(before->export_state(), before->weights()));
    ASSERT_TRUE(executor->run(learn(*after, 25, 60, rest)));
    EXPECT_EQ(after->weights()->digest(), whole->weights()->digest());
    EXPECT_EQ(rest, losses);
  }
}

}  // namespace
}  // namespace troupe
