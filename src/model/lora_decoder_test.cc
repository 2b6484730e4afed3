// The law of the decoder, with adapters: a row's bits depend on the row and its own adapter only.
#include <gtest/gtest.h>

#include "base/crew.h"
#include "model/lora_test_models.h"
#include "model/train_pass_test_packs.h"

namespace troupe {
namespace {

class LoraBits : public ::testing::TestWithParam<int> {
 protected:
  // Runs body(base, adapted) for the parameter's shape on every instruction set: adapters of other
  // ranks and targets on one base, and the base itself.
  template <class Body>
  void each_isa(Body body) {
    const ModelConfig config = test_shapes()[static_cast<std::size_t>(GetParam())];
    const auto weights = lively_weights(config, 7);
    const LoraSettings kinds[] = {lora_everywhere(3), lora_on(16, {"q", "v"}), lora_on(1, {"down"}),
                                  lora_on(5, {"k", "o", "up"}), lora_on(70, {"gate", "o"})};
    for (const Kernels* table : all_kernels()) {
      SCOPED_TRACE(std::string(table->name) + " " + dtype_name(table->dtype));
      const Decoder base(weights, *table);
      std::vector<std::unique_ptr<Decoder>> adapted;
      std::uint64_t seed = 11;
      for (const LoraSettings& kind : kinds) {
        adapted.push_back(
            std::make_unique<Decoder>(base, kind, lively_adapter(config, kind, seed++)));
      }
      body(base, adapted);
    }
  }
};

TEST_P(LoraBits, ChunkedDecodingInMixedCompanyEqualsTrainingAlone) {
  each_isa([](const Decoder& base, const std::vector<std::unique_ptr<Decoder>>& adapted) {
    const ModelConfig& config = base.config();
    const auto vocab = static_cast<std::size_t>(config.vocab);
    Rng rng(3);
    struct Sequence {
      const Decoder* model;
      std::vector<TokenId> tokens;
      std::vector<float> expected;
      KvCache cache;
    };
    std::vector<Sequence> all;
    for (std::size_t i = 0; i < 8; ++i) {
      const std::size_t kind = i % (adapted.size() + 1);
      const Decoder* model = kind == adapted.size() ? &base : adapted[kind].get();
      const auto tokens = random_tokens(rng, config, 10 + rng.below(16));
      all.push_back({model, tokens, training_logits(*model, tokens),
                     KvCache(config, static_cast<int>(tokens.size()), base.dtype())});
    }
    // The adapters do something: the same tokens give other logits without.
    ASSERT_FALSE(same_bits(all[0].expected, training_logits(base, all[0].tokens)));
    for (const int threads : {1, 2}) {
      Crew crew(threads);
      Decoder::Scratch scratch(&crew);
      for (Sequence& sequence : all) sequence.cache.truncate(0);
      bool busy = true;
      while (busy) {
        busy = false;
        std::vector<Decoder::Chunk> chunks;
        std::vector<Sequence*> fed;
        for (Sequence& sequence : all) {
          const auto held = static_cast<std::size_t>(sequence.cache.length());
          const std::size_t left = sequence.tokens.size() - held;
          if (left == 0) continue;
          busy = true;
          if (rng.below(3) == 0) continue;
          const std::size_t n = rng.below(2) == 0 ? 1 : 1 + rng.below(left);
          chunks.push_back(
              {&sequence.cache, std::span(sequence.tokens).subspan(held, n), sequence.model});
          fed.push_back(&sequence);
        }
        std::vector<float> logits(chunks.size() * vocab);
        // Any decoder on the base may run the pass.
        const Decoder& runner = rng.below(2) == 0 ? base : *adapted[0];
        runner.extend(chunks, scratch, logits);
        for (std::size_t i = 0; i < fed.size(); ++i) {
          const auto last = static_cast<std::size_t>(fed[i]->cache.length()) - 1;
          ASSERT_TRUE(same_bits(std::span(logits).subspan(i * vocab, vocab),
                                std::span(fed[i]->expected).subspan(last * vocab, vocab)))
              << "position " << last;
        }
      }
    }
  });
}

TEST_P(LoraBits, GradientDoesNotDependOnTimePlaceOrRecomputation) {
  each_isa([](const Decoder& base, const std::vector<std::unique_ptr<Decoder>>& adapted) {
    Rng rng(22);
    const TestPack pack = random_pack(rng, base.config(), 4, 60);
    const TestPack other = random_pack(rng, base.config(), 6, 60);
    TrainPass pass;
    TrainPass again(TrainPass::Options{.recompute = true});
    for (const auto& decoder : adapted) {
      const auto first = gradient_of(*decoder, pack, pass);
      gradient_of(base, other, pass);  // leaves its traces in the pass's memory
      EXPECT_TRUE(same_bits(first, gradient_of(*decoder, pack, pass)));
      EXPECT_TRUE(same_bits(first, gradient_of(*decoder, pack, again))) << "recomputed";
    }
  });
}

TEST_P(LoraBits, BackwardEqualsFiniteDifferences) {
  const ModelConfig config = test_shapes()[static_cast<std::size_t>(GetParam())];
  const LoraSettings settings = lora_everywhere(3);
  const auto adapter = lively_adapter(config, settings, 4);
  Rng rng(21);
  const TestPack pack = random_pack(rng, config, 3, 24);
  const auto sequences = pack.sequences();
  for (const Kernels* table : machine_kernels()) {
    SCOPED_TRACE(table->name);
    TrainPass pass;
    const Decoder base(lively_weights(config, 5), *table);
    const auto gradient = gradient_of(Decoder(base, settings, adapter), pack, pass);
    for (const TensorSpec& spec : adapter->layout.tensors()) {
      SCOPED_TRACE(spec.name);
      const Direction direction =
          random_direction(rng, std::span(gradient).subspan(spec.offset, spec.size));
      ASSERT_GT(direction.derivative, 1e-3);
      const auto loss_at = [&](float step) {
        auto moved = std::make_shared<Weights>(*adapter);
        for (std::size_t i = 0; i < spec.size; ++i) {
          moved->values[spec.offset + i] += step * direction.values[i];
        }
        const Decoder decoder(base, settings, moved);
        return next_token_loss(pack, pass_logits(pass, decoder, sequences), config.vocab).value;
      };
      EXPECT_NEAR(central_difference(loss_at, 8e-3F), direction.derivative,
                  2e-3 * std::abs(direction.derivative) + 2e-3);
    }
  }
}

// Rounding is not differentiated: the gradient in bf16 is close to that in fp32.
TEST_P(LoraBits, Bf16GradientPointsWhereFp32Does) {
  const ModelConfig config = test_shapes()[static_cast<std::size_t>(GetParam())];
  const LoraSettings settings = lora_everywhere(5);
  const auto adapter = lively_adapter(config, settings, 4);
  const auto weights = lively_weights(config, 6);
  Rng rng(25);
  const TestPack pack = random_pack(rng, config, 6, 60);
  TrainPass pass;
  const auto exact = gradient_of(Decoder(Decoder(weights), settings, adapter), pack, pass);
  for (const Kernels* table : machine_kernels(Dtype::kBf16)) {
    const auto rounded =
        gradient_of(Decoder(Decoder(weights, *table), settings, adapter), pack, pass);
    for (const TensorSpec& spec : adapter->layout.tensors()) {
      double dot = 0.0;
      double a = 0.0;
      double b = 0.0;
      for (std::size_t i = spec.offset; i < spec.offset + spec.size; ++i) {
        dot += static_cast<double>(exact[i]) * static_cast<double>(rounded[i]);
        a += static_cast<double>(exact[i]) * static_cast<double>(exact[i]);
        b += static_cast<double>(rounded[i]) * static_cast<double>(rounded[i]);
      }
      EXPECT_GT(dot / std::sqrt(a * b), 0.99) << table->name << " " << spec.name;
      EXPECT_NEAR(std::sqrt(b / a), 1.0, 0.1) << table->name << " " << spec.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, LoraBits, ::testing::Range(0, 4));

TEST(LoraTrainPass, BytesGrowWithTheRank) {
  const ModelConfig config = test_shapes()[1];
  const auto bytes = [&](int rank) {
    return TrainPass::bytes(config, Dtype::kFp32, {}, 1000, 500, 100, rank);
  };
  // Seven low-rank activations per row and layer.
  EXPECT_GE(bytes(8), bytes(0) + 1000U * 2U * 7U * 8U * sizeof(float));
}

}  // namespace
}  // namespace troupe
