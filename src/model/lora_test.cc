#include "model/lora.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/lora_test_models.h"

namespace troupe {
namespace {

TEST(Lora, ScaleFollowsItsRule) {
  using Rule = LoraSettings::Rule;
  LoraSettings s = lora_on(16, {"q"}, 8);
  s.rule = Rule::kConstant;
  EXPECT_EQ(s.scale(), 8.0);
  s.rule = Rule::kRank;
  EXPECT_EQ(s.scale(), 0.5);
  s.rule = Rule::kRankStabilised;
  EXPECT_EQ(s.scale(), 2.0);
  s.rule = Rule::kSquareRoot;  // alpha' = 8 * 4 = 32, over 16
  EXPECT_EQ(s.scale(), 2.0);
  EXPECT_EQ(s.peft_alpha(), 32.0);
  s.alpha = 256;  // the published constant: 512 for rank 4
  s.rank = 4;
  EXPECT_EQ(s.peft_alpha(), 512.0);
}

// What the rule means to a program that divides lora_alpha by the rank, or by its root.
TEST(Lora, PeftAlphaGivesTheSameScale) {
  using Rule = LoraSettings::Rule;
  for (const int rank : {1, 3, 8, 64}) {
    for (const Rule rule :
         {Rule::kConstant, Rule::kRank, Rule::kRankStabilised, Rule::kSquareRoot}) {
      LoraSettings s = lora_on(rank, {"q"}, 24);
      s.rule = rule;
      const bool root = rule == Rule::kRankStabilised;
      const double divisor = root ? std::sqrt(static_cast<double>(rank)) : rank;
      EXPECT_EQ(static_cast<float>(s.peft_alpha() / divisor), static_cast<float>(s.scale()));
    }
  }
}

TEST(Lora, NamesAreChecked) {
  EXPECT_EQ(*parse_lora_rule("sqrt"), LoraSettings::Rule::kSquareRoot);
  const auto rule = parse_lora_rule("alpha");
  ASSERT_FALSE(rule);
  EXPECT_NE(rule.error().message.find("constant, rank, rslora or sqrt"), std::string::npos);
  const auto targets = parse_lora_targets({"v", "down"});
  ASSERT_TRUE(targets);
  EXPECT_EQ(*targets,
            (std::array<bool, kLoraTargets>{false, false, true, false, false, false, true}));
  EXPECT_FALSE(parse_lora_targets({}));
  EXPECT_FALSE(parse_lora_targets({"q", "q"}));
  const auto unknown = parse_lora_targets({"q_proj"});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("q, k, v, o, gate, up, down"), std::string::npos);
}

TEST(Lora, LayoutHasPeftsNamesAndShapes) {
  const ModelConfig c = test_shapes()[1];  // width 64, q 64, kv 32, ffn 192, 2 layers
  const ParameterLayout layout = lora_layout(c, lora_on(3, {"k", "down"}));
  ASSERT_EQ(layout.tensors().size(), 8U);
  const auto shape = [&](const char* name) {
    const TensorSpec* spec = layout.find(std::string("base_model.model.model.layers.") + name);
    return spec == nullptr ? std::vector<std::int64_t>{} : spec->shape;
  };
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(shape("0.self_attn.k_proj.lora_A.weight"), (Shape{3, 64}));
  EXPECT_EQ(shape("0.self_attn.k_proj.lora_B.weight"), (Shape{32, 3}));
  EXPECT_EQ(shape("1.mlp.down_proj.lora_A.weight"), (Shape{3, 192}));
  EXPECT_EQ(shape("1.mlp.down_proj.lora_B.weight"), (Shape{64, 3}));
}

TEST(Lora, BeginsAsTheBase) {
  const ModelConfig c = test_shapes()[1];
  const LoraSettings settings = lora_everywhere(4);
  const Weights fresh = random_lora(c, settings, 3);
  EXPECT_EQ(fresh.digest(), random_lora(c, settings, 3).digest());
  EXPECT_NE(fresh.digest(), random_lora(c, settings, 4).digest());
  for (const TensorSpec& spec : fresh.layout.tensors()) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(spec.shape[1]));
    double squares = 0.0;
    for (const float x : fresh.tensor(spec)) {
      ASSERT_LE(std::abs(x), bound);
      squares += static_cast<double>(x) * static_cast<double>(x);
    }
    const bool b = spec.name.ends_with("lora_B.weight");
    // A uniform variable in +-bound has the variance bound^2 / 3.
    const double expected = b ? 0.0 : bound * bound / 3.0 * static_cast<double>(spec.size);
    EXPECT_NEAR(squares, expected, 0.25 * expected) << spec.name;
  }
  const auto base = lively_weights(c, 5);
  for (const Kernels* table : all_kernels()) {
    const Decoder plain(base, *table);
    const Decoder adapted(plain, settings, std::make_shared<const Weights>(fresh));
    Rng rng(1);
    const auto tokens = random_tokens(rng, c, 20);
    EXPECT_TRUE(same_bits(training_logits(plain, tokens), training_logits(adapted, tokens)));
  }
}

TEST(Lora, MergedIsNearlyTheUnmerged) {
  for (const ModelConfig& c : test_shapes()) {
    const auto base = lively_weights(c, 5);
    const LoraSettings settings = lora_everywhere(3);
    const auto adapter = lively_adapter(c, settings, 6);
    const Decoder plain(base);
    const Decoder unmerged(plain, settings, adapter);
    const Decoder merged(std::make_shared<const Weights>(merge_lora(*base, settings, *adapter)));
    Rng rng(1);
    const auto tokens = random_tokens(rng, c, 30);
    const auto expected = training_logits(unmerged, tokens);
    const auto found = training_logits(merged, tokens);
    const auto without = training_logits(plain, tokens);
    double worst = 0.0;
    double moved = 0.0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      worst = std::max(worst, static_cast<double>(std::abs(found[i] - expected[i])));
      moved = std::max(moved, static_cast<double>(std::abs(found[i] - without[i])));
    }
    EXPECT_LT(worst, 2e-4);
    EXPECT_GT(moved, 0.1);  // the adapter matters
  }
}

}  // namespace
}  // namespace troupe
