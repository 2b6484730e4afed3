#include "engine/engine_under_test.h"

#include <algorithm>
#include <cmath>
#include <thread>
#include <utility>
#include <vector>

#include "base/crew.h"
#include "engine/shapes.h"
#include "model/decoder.h"
#include "model/kernels/kernels.h"

namespace troupe::bench {
namespace {

std::vector<TokenId> some_tokens(int count, int vocab) {
  std::vector<TokenId> tokens;
  tokens.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    tokens.push_back(static_cast<TokenId>(static_cast<unsigned>(i) * 2654435761U %
                                          static_cast<unsigned>(vocab)));
  }
  return tokens;
}

// Logits of one row -> scale * d(cross entropy)/d(logits).
void cross_entropy_gradient(const Kernels& table, std::span<float> logits, TokenId target,
                            float scale) {
  const int vocab = static_cast<int>(logits.size());
  const float most = table.max(logits.data(), vocab);
  const float shift = most + std::log(table.sum_exp(logits.data(), vocab, 1.0F, most));
  for (float& x : logits) x -= shift;
  table.exp(logits.data(), vocab, logits.data());
  for (float& x : logits) x *= scale;
  logits[static_cast<std::size_t>(target)] -= scale;
}

}  // namespace

struct EngineUnderTest::State {
  Decoder decoder;
};

EngineUnderTest::EngineUnderTest(std::shared_ptr<const Weights> weights, Dtype dtype)
    : state_(new State{Decoder(std::move(weights), dtype)}) {}
EngineUnderTest::~EngineUnderTest() = default;

struct DecodeRun::State {
  Crew crew;
  const Decoder& decoder;
  int new_tokens;
  Decoder::Scratch scratch;
  std::vector<KvCache> caches;
  std::vector<Decoder::Chunk> chunks;
  std::vector<TokenId> tokens;
  std::vector<float> logits;

  State(const Decoder& d, int threads, int tokens_of_each)
      : crew(threads), decoder(d), new_tokens(tokens_of_each), scratch(&crew) {}
};

DecodeRun::DecodeRun(const EngineUnderTest& engine, int threads, int batch, int new_tokens)
    : state_(std::make_unique<State>(engine.state().decoder, threads, new_tokens)) {
  State& s = *state_;
  const ModelConfig& c = s.decoder.config();
  s.tokens = some_tokens(kPrompt + batch + new_tokens, c.vocab);
  s.logits.resize(static_cast<std::size_t>(batch) * static_cast<std::size_t>(c.vocab));
  const int capacity = kPrompt + new_tokens;
  const int pages = round_up(capacity, kPagePositions) / kPagePositions;
  const auto pool = std::make_shared<KvPool>(c, s.decoder.dtype(), pages * batch);
  for (int i = 0; i < batch; ++i) s.caches.push_back(*KvCache::make(pool, capacity));
  for (std::size_t i = 0; i < s.caches.size(); ++i) {
    s.chunks.push_back({&s.caches[i], {s.tokens.data() + i, kPrompt}});
  }
  s.decoder.extend(s.chunks, s.scratch, s.logits);
}
DecodeRun::~DecodeRun() = default;

void DecodeRun::run() {
  State& s = *state_;
  for (KvCache& cache : s.caches) cache.truncate(kPrompt);
  for (int t = 0; t < s.new_tokens; ++t) {
    for (std::size_t i = 0; i < s.chunks.size(); ++i) {
      s.chunks[i].tokens = {s.tokens.data() + kPrompt + i + static_cast<std::size_t>(t), 1};
    }
    s.decoder.extend(s.chunks, s.scratch, s.logits);
  }
}

struct TrainingRun::State {
  struct Share {
    std::vector<TrainPass::Sequence> sequences;
    TrainPass pass;
    std::vector<float> gradient;
  };
  const Decoder& decoder;
  float scale;
  std::vector<TokenId> tokens;
  std::vector<int> scored;
  std::vector<Share> shares;

  void run(Share& share) const {
    const Kernels& table = kernels(decoder.dtype());
    std::fill(share.gradient.begin(), share.gradient.end(), 0.0F);
    share.pass.run(
        decoder, share.sequences,
        [&](std::size_t index, std::span<float> logits) {
          const TrainPass::Sequence& sequence = share.sequences[index / scored.size()];
          const auto position = static_cast<std::size_t>(scored[index % scored.size()]);
          cross_entropy_gradient(table, logits, sequence.tokens[position + 1], scale);
        },
        share.gradient);
  }
};

TrainingRun::TrainingRun(const EngineUnderTest& engine, int threads, int sequences, int length)
    : state_(new State{
          engine.state().decoder,
          1.0F / static_cast<float>(sequences * (length - 1)),
          some_tokens(sequences + length, engine.state().decoder.config().vocab),
          {},
          std::vector<State::Share>(static_cast<std::size_t>(std::min(threads, sequences)))}) {
  State& s = *state_;
  for (int i = 0; i + 1 < length; ++i) s.scored.push_back(i);
  for (State::Share& share : s.shares) {
    share.gradient.resize(s.decoder.weights().layout.size());
  }
  for (int i = 0; i < sequences; ++i) {
    const TrainPass::Sequence sequence = {{s.tokens.data() + i, static_cast<std::size_t>(length)},
                                          s.scored};
    s.shares[static_cast<std::size_t>(i) % s.shares.size()].sequences.push_back(sequence);
  }
}
TrainingRun::~TrainingRun() = default;

void TrainingRun::run() {
  State& s = *state_;
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < s.shares.size(); ++i) {
      others.emplace_back([&s, i] { s.run(s.shares[i]); });
    }
    s.run(s.shares[0]);
  }
  for (std::size_t i = 1; i < s.shares.size(); ++i) {
    const int size = static_cast<int>(s.shares[i].gradient.size());
    kernels().add(s.shares[i].gradient.data(), size, s.shares[0].gradient.data());
  }
}

}  // namespace troupe::bench
