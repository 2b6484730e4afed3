#include "model/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/crew.h"
#include "model/decoder_test_models.h"

namespace troupe {
namespace {

// The logits of one position, from those of all.
std::span<const float> row(const std::vector<float>& logits, std::size_t i, const Decoder& d) {
  const auto vocab = static_cast<std::size_t>(d.config().vocab);
  return {logits.data() + i * vocab, vocab};
}

class DecoderBits : public ::testing::TestWithParam<int> {
 protected:
  // Runs body(decoder) for the parameter's shape on every instruction set of the machine.
  template <class Body>
  void each_isa(Body body) {
    const ModelConfig config = test_shapes()[static_cast<std::size_t>(GetParam())];
    const auto weights = lively_weights(config, 7);
    for (const Kernels* table : all_kernels()) {
      SCOPED_TRACE(std::string(table->name) + " " + dtype_name(table->dtype));
      const Decoder decoder(weights, *table);
      body(decoder);
    }
  }
};

TEST_P(DecoderBits, OneTokenAtATimeEqualsTraining) {
  each_isa([](const Decoder& decoder) {
    Rng rng(1);
    const auto tokens = random_tokens(rng, decoder.config(), 70);
    const auto expected = training_logits(decoder, tokens);
    KvCache cache(decoder.config(), 70, decoder.dtype());
    Decoder::Scratch scratch;
    std::vector<float> logits(static_cast<std::size_t>(decoder.config().vocab));
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Decoder::Chunk chunk{&cache, {tokens.data() + i, 1}};
      decoder.extend({&chunk, 1}, scratch, logits);
      ASSERT_TRUE(same_bits(logits, row(expected, i, decoder))) << "position " << i;
    }
    for (const float x : expected) ASSERT_TRUE(std::isfinite(x));
  });
}

TEST_P(DecoderBits, WholePrefillEqualsTraining) {
  each_isa([](const Decoder& decoder) {
    Rng rng(2);
    const auto tokens = random_tokens(rng, decoder.config(), 53);
    const auto expected = training_logits(decoder, tokens);
    Decoder::Scratch scratch;
    std::vector<float> logits(static_cast<std::size_t>(decoder.config().vocab));
    for (const std::size_t n : {1U, 2U, 15U, 16U, 17U, 53U}) {
      KvCache cache(decoder.config(), 53, decoder.dtype());
      const Decoder::Chunk chunk{&cache, {tokens.data(), n}};
      decoder.extend({&chunk, 1}, scratch, logits);
      ASSERT_TRUE(same_bits(logits, row(expected, n - 1, decoder))) << n << " tokens";
    }
  });
}

// Many sequences, each cut at random, advance in random company, in random order, some from a
// copied prefix; training packs them in yet another company.
TEST_P(DecoderBits, RandomChunksBatchesAndCopies) {
  each_isa([](const Decoder& decoder) {
    const ModelConfig& config = decoder.config();
    Rng rng(3);
    struct Sequence {
      std::vector<TokenId> tokens;
      std::vector<float> expected;
      KvCache cache;
    };
    // Some caches share a pool with the prefix, and so its pages; others have one of their own.
    auto pool = std::make_shared<KvPool>(config, decoder.dtype(), 64);
    std::vector<Sequence> sequences;
    const auto prefix = random_tokens(rng, config, 20);
    for (int i = 0; i < 9; ++i) {
      auto tokens = random_tokens(rng, config, 21 + rng.below(60));
      std::copy(prefix.begin(), prefix.end(), tokens.begin());
      auto expected = training_logits(decoder, tokens);
      const int capacity = static_cast<int>(tokens.size() + rng.below(9));
      auto cache = rng.below(2) == 0
                       ? KvCache::make(pool, capacity)
                       : std::optional<KvCache>(KvCache(config, capacity, decoder.dtype()));
      ASSERT_TRUE(cache);
      sequences.push_back({std::move(tokens), std::move(expected), std::move(*cache)});
    }
    Decoder::Scratch scratch;
    const auto vocab = static_cast<std::size_t>(config.vocab);
    auto made = KvCache::make(pool, 40);
    ASSERT_TRUE(made);
    KvCache& shared = *made;
    std::vector<float> logits(vocab);
    const auto other = random_tokens(rng, config, 12);
    const Decoder::Chunk first{&shared, prefix};
    decoder.extend({&first, 1}, scratch, logits);
    const Decoder::Chunk beyond{&shared, other};  // what the copies must not see
    decoder.extend({&beyond, 1}, scratch, logits);
    for (std::size_t i = 0; i < sequences.size(); i += 2) {
      sequences[i].cache.copy_prefix(shared, static_cast<int>(1 + rng.below(20)));
    }
    while (true) {
      std::vector<Decoder::Chunk> chunks;
      std::vector<std::size_t> who;
      for (std::size_t i = 0; i < sequences.size(); ++i) {
        Sequence& s = sequences[i];
        const std::size_t done = static_cast<std::size_t>(s.cache.length());
        if (done == s.tokens.size() || rng.below(3) == 0) continue;
        const std::size_t left = s.tokens.size() - done;
        const std::size_t n =
            rng.below(2) == 0 ? 1 : 1 + rng.below(std::min<std::size_t>(left, 25));
        const std::size_t at = rng.below(chunks.size() + 1);
        chunks.insert(chunks.begin() + static_cast<std::ptrdiff_t>(at),
                      {&s.cache, {s.tokens.data() + done, std::min(n, left)}});
        who.insert(who.begin() + static_cast<std::ptrdiff_t>(at), i);
      }
      if (chunks.empty() && std::all_of(sequences.begin(), sequences.end(), [](const Sequence& s) {
            return static_cast<std::size_t>(s.cache.length()) == s.tokens.size();
          })) {
        break;
      }
      logits.resize(chunks.size() * vocab);
      decoder.extend(chunks, scratch, logits);
      for (std::size_t i = 0; i < chunks.size(); ++i) {
        const Sequence& s = sequences[who[i]];
        const auto position = static_cast<std::size_t>(s.cache.length()) - 1;
        ASSERT_TRUE(
            same_bits({logits.data() + i * vocab, vocab}, row(s.expected, position, decoder)))
            << "sequence " << who[i] << " position " << position;
      }
    }
  });
}

TEST_P(DecoderBits, TruncateAndGoOnEqualsTraining) {
  each_isa([](const Decoder& decoder) {
    Rng rng(4);
    const auto tokens = random_tokens(rng, decoder.config(), 40);
    const auto wrong = random_tokens(rng, decoder.config(), 25);
    const auto expected = training_logits(decoder, tokens);
    KvCache cache(decoder.config(), 60, decoder.dtype());
    Decoder::Scratch scratch;
    std::vector<float> logits(static_cast<std::size_t>(decoder.config().vocab));
    const Decoder::Chunk start{&cache, {tokens.data(), 18}};
    decoder.extend({&start, 1}, scratch, logits);
    const Decoder::Chunk detour{&cache, wrong};
    decoder.extend({&detour, 1}, scratch, logits);
    ASSERT_FALSE(same_bits(logits, row(expected, 39, decoder)));
    cache.truncate(18);
    const Decoder::Chunk rest{&cache, {tokens.data() + 18, 22}};
    decoder.extend({&rest, 1}, scratch, logits);
    ASSERT_TRUE(same_bits(logits, row(expected, 39, decoder)));
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, DecoderBits, ::testing::Range(0, 4));

TEST(Decoder, Avx2AndAvx512GiveTheSameBits) {
  if (find_kernels("avx512") == nullptr) GTEST_SKIP() << "this CPU lacks AVX-512";
  for (const ModelConfig& config : test_shapes()) {
    const auto weights = lively_weights(config, 11);
    Rng rng(5);
    const auto tokens = random_tokens(rng, config, 37);
    const Decoder narrow(weights, *find_kernels("avx2"));
    const Decoder wide(weights, *find_kernels("avx512"));
    EXPECT_TRUE(same_bits(training_logits(narrow, tokens), training_logits(wide, tokens)));
  }
}

// The same weights in bf16 give about the same logits: rounding to 8 bits, a few per cent.
TEST(Decoder, Bf16IsCloseToFp32) {
  for (const ModelConfig& config : test_shapes()) {
    const auto weights = lively_weights(config, 12);
    Rng rng(6);
    const auto tokens = random_tokens(rng, config, 37);
    const auto expected = training_logits(Decoder(weights), tokens);
    double scale = 0.0;
    for (const float x : expected) scale += static_cast<double>(x) * static_cast<double>(x);
    scale = std::sqrt(scale / static_cast<double>(expected.size()));
    for (const Kernels* table : machine_kernels(Dtype::kBf16)) {
      const auto logits = training_logits(Decoder(weights, *table), tokens);
      double error = 0.0;
      for (std::size_t i = 0; i < logits.size(); ++i) {
        const double difference = static_cast<double>(logits[i]) - static_cast<double>(expected[i]);
        error += difference * difference;
      }
      error = std::sqrt(error / static_cast<double>(expected.size()));
      EXPECT_LT(error, 0.05 * scale) << table->name;
      EXPECT_GT(error, 1e-5 * scale) << table->name;
    }
  }
}

// Threads divide columns and heads, never a sum.
TEST(Decoder, ThreadsChangeNoBit) {
  for (const Kernels* table : all_kernels()) {
    for (const ModelConfig& config : test_shapes()) {
      const Decoder decoder(lively_weights(config, 14), *table);
      Rng rng(8);
      std::vector<std::vector<float>> results;
      const auto tokens = random_tokens(rng, config, 45);
      const auto other = random_tokens(rng, config, 9);
      for (const int threads : {1, 2, 3, 5}) {
        Crew crew(threads);
        Decoder::Scratch scratch(&crew);
        KvCache a(config, 45, decoder.dtype());
        KvCache b(config, 45, decoder.dtype());
        std::vector<float> all;
        std::vector<float> logits(2 * static_cast<std::size_t>(config.vocab));
        std::size_t at = 0;
        for (const std::size_t n : {11U, 1U, 1U, 20U, 1U}) {
          const Decoder::Chunk chunks[] = {{&a, {tokens.data() + at, n}}, {&b, {other.data(), 1}}};
          decoder.extend(chunks, scratch, logits);
          all.insert(all.end(), logits.begin(), logits.end());
          at += n;
        }
        results.push_back(std::move(all));
      }
      for (std::size_t i = 0; i < results.size(); ++i) {
        EXPECT_TRUE(same_bits(results[i], results.front()))
            << table->name << " " << dtype_name(table->dtype) << ", vocabulary " << config.vocab
            << ", case " << i;
      }
    }
  }
}

TEST(Decoder, PortableIsCloseToTheOthers) {
  for (const ModelConfig& config : test_shapes()) {
    const auto weights = lively_weights(config, 12);
    Rng rng(6);
    const auto tokens = random_tokens(rng, config, 37);
    const Decoder plain(weights, *find_kernels("portable"));
    const auto expected = training_logits(plain, tokens);
    for (const Kernels* table : machine_kernels()) {
      const auto logits = training_logits(Decoder(weights, *table), tokens);
      for (std::size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], 2e-4);
    }
  }
}

TEST(Decoder, LogitsDependOnEveryEarlierToken) {
  for (const ModelConfig& config : test_shapes()) {
    const Decoder decoder(lively_weights(config, 13));
    Rng rng(7);
    auto tokens = random_tokens(rng, config, 20);
    const auto before = training_logits(decoder, tokens);
    tokens[6] = (tokens[6] + 1) % config.vocab;
    const auto after = training_logits(decoder, tokens);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      EXPECT_EQ(same_bits(row(before, i, decoder), row(after, i, decoder)), i < 6) << i;
    }
  }
}

TEST(Decoder, PackedBytesAreKnownWithoutWeights) {
  for (const ModelConfig& config : test_shapes()) {
    for (const Dtype dtype : {Dtype::kFp32, Dtype::kBf16}) {
      const Decoder decoder(lively_weights(config, 15), dtype);
      EXPECT_EQ(decoder.packed_bytes(), Decoder::packed_bytes(config, dtype));
      EXPECT_GE(Decoder::bytes(config, dtype), decoder.packed_bytes());
    }
  }
}

TEST(Decoder, KvCacheBytesAreItsMemory) {
  ModelConfig config = test_shapes()[1];  // 2 layers, 2 kv heads of 16
  EXPECT_EQ(KvCache::bytes(config, 32), 2U * 2U * 2U * 16U * 32U * sizeof(float));
  EXPECT_EQ(KvCache::bytes(config, 17), KvCache::bytes(config, 32)) << "whole pages of 16";
  EXPECT_EQ(KvCache::bytes(config, 32, Dtype::kBf16), KvCache::bytes(config, 32) / 2);
}

}  // namespace
}  // namespace troupe
