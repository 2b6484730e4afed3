#include "model/decoder.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "model/decoder_packed.h"
#include "model/forward.h"

namespace troupe {

/// Memory of one extend: one layer's buffers, which all layers use in turn.
struct Decoder::Scratch::Buffers {
  AlignedFloats floats;
  std::vector<AttentionStats> stats;
  std::vector<RowRange> ranges;
  std::vector<TokenId> tokens;
};

namespace {

struct ExtendMemory {
  LayerBuffers layer;
  float* last;  // [chunks, width] last rows
  float* cosines;
  float* sines;
  float* scores;  // [longest context]
};

ExtendMemory carve_from(const ModelConfig& c, std::size_t rows, std::size_t chunks, int longest,
                        Carver& carver) {
  const int rotated = c.heads + c.kv_heads;
  ExtendMemory at{};
  LayerBuffers& layer = at.layer;
  layer.x = layer.x_mid = layer.x_out = carver.take(rows, c.width);
  layer.h1 = layer.h2 = carver.take(rows, c.width);
  layer.s1 = layer.s2 = carver.take(rows, 1);
  layer.qkv = carver.take(rows, qkv_width(c));
  layer.qk_raw = carver.take(rows, c.qk_norm() ? rotated * c.head_dim : 0);
  layer.qk_s = carver.take(rows, c.qk_norm() ? rotated : 0);
  layer.attention = carver.take(rows, c.heads * c.head_dim);
  layer.gate_up = carver.take(rows, 2 * c.ffn);
  layer.act = carver.take(rows, c.ffn);
  at.last = carver.take(chunks, c.width);
  at.cosines = carver.take(rows, c.head_dim / 2);
  at.sines = carver.take(rows, c.head_dim / 2);
  at.scores = carver.take(1, round_up(longest, kLanes));
  return at;
}

ExtendMemory carve(const ModelConfig& c, std::size_t rows, std::size_t chunks, int longest,
                   Decoder::Scratch::Buffers& memory) {
  Carver counter(nullptr);
  carve_from(c, rows, chunks, longest, counter);
  Carver carver(at_least(memory.floats, counter.used()));
  ExtendMemory at = carve_from(c, rows, chunks, longest, carver);
  at.layer.stats = memory.stats.data();
  return at;
}

}  // namespace

Decoder::Scratch::Scratch() : buffers(std::make_unique<Buffers>()) {}
Decoder::Scratch::~Scratch() = default;

Decoder::Decoder(std::shared_ptr<const Weights> weights) : Decoder(std::move(weights), kernels()) {}
Decoder::Decoder(std::shared_ptr<const Weights> weights, const Kernels& table)
    : packed_(std::make_unique<Packed>(std::move(weights), table)) {}
Decoder::~Decoder() = default;

const ModelConfig& Decoder::config() const { return packed_->weights->config; }
const Weights& Decoder::weights() const { return *packed_->weights; }

void Decoder::extend(std::span<const Chunk> chunks, Scratch& scratch,
                     std::span<float> logits) const {
  const ModelConfig& c = config();
  Scratch::Buffers& memory = *scratch.buffers;
  memory.ranges.clear();
  memory.tokens.clear();
  int longest = 0;
  for (const Chunk& chunk : chunks) {
    KvCache& cache = *chunk.cache;
    const int rows = static_cast<int>(chunk.tokens.size());
    assert(rows > 0 && cache.length() + rows <= cache.capacity());
    assert(cache.length() + rows <= c.max_positions);
    memory.ranges.push_back(
        {cache.storage_.data(), kv_layout(c, cache.capacity()), cache.length(), rows});
    memory.tokens.insert(memory.tokens.end(), chunk.tokens.begin(), chunk.tokens.end());
    cache.length_ += rows;
    longest = std::max(longest, cache.length_);
  }
  const int count = static_cast<int>(chunks.size());
  const int rows = static_cast<int>(memory.tokens.size());
  assert(logits.size() == chunks.size() * static_cast<std::size_t>(c.vocab));
  if (count == 0) return;

  const auto m = static_cast<std::size_t>(rows);
  if (memory.stats.size() < m * static_cast<std::size_t>(c.heads)) {
    memory.stats.resize(m * static_cast<std::size_t>(c.heads));
  }
  const ExtendMemory at = carve(c, m, chunks.size(), longest, memory);

  const ForwardPass pass{*packed_, memory.ranges, rows, at.cosines, at.sines, at.scores};
  pass.embed(memory.tokens, at.layer.x);
  for (int layer = 0; layer < c.layers; ++layer) pass.layer(layer, at.layer);
  const auto width = static_cast<std::size_t>(c.width);
  std::size_t end = 0;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    end += chunks[i].tokens.size();
    std::copy_n(at.layer.x + (end - 1) * width, width, at.last + i * width);
  }
  pass.head(at.last, count, at.layer.h1, at.layer.s1, logits.data());
}

}  // namespace troupe
