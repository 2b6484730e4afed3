#include "model/decoder.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "model/decoder_packed.h"
#include "model/forward.h"
#include "model/kernels/aligned.h"

namespace troupe {

/// Memory of one extend: one layer's buffers, which all layers use in turn.
struct Decoder::Scratch::Buffers {
  Crew alone;
  Crew* crew;
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
  float* scratch;  // [crew size, part_floats]
};

ExtendMemory carve_from(const ModelConfig& c, std::size_t rows, std::size_t chunks, int longest,
                        Dtype dtype, int rank, int parts, Carver& carver) {
  const int rotated = c.heads + c.kv_heads;
  ExtendMemory at{};
  LayerBuffers& layer = at.layer;
  layer.x = layer.x_mid = layer.x_out = carver.take(rows, c.width);
  layer.h1 = layer.h2 = carver.take(rows, words(dtype, c.width));
  layer.s1 = layer.s2 = carver.take(rows, 1);
  layer.qkv = carver.take(rows, qkv_width(c));
  layer.qk_raw = carver.take(rows, c.qk_norm() ? rotated * c.head_dim : 0);
  layer.qk_s = carver.take(rows, c.qk_norm() ? rotated : 0);
  layer.attention = carver.take(rows, words(dtype, c.heads * c.head_dim));
  layer.gate = carver.take(rows, c.ffn);
  layer.up = carver.take(rows, c.ffn);
  layer.act = carver.take(rows, words(dtype, c.ffn));
  layer.low = carver.take(rows * kLoraTargets, words(dtype, rank));
  layer.low_sums = carver.take(rows, kLoraReaders * rank);
  at.last = carver.take(chunks, c.width);
  at.cosines = carver.take(rows, c.head_dim / 2);
  at.sines = carver.take(rows, c.head_dim / 2);
  at.scratch = carver.take(ForwardPass::part_floats(c, longest), parts);
  return at;
}

ExtendMemory carve(const ModelConfig& c, std::size_t rows, std::size_t chunks, int longest,
                   Dtype dtype, int rank, Decoder::Scratch::Buffers& memory) {
  const int parts = memory.crew->size();
  Carver counter(nullptr);
  carve_from(c, rows, chunks, longest, dtype, rank, parts, counter);
  Carver carver(at_least(memory.floats, counter.used()));
  ExtendMemory at = carve_from(c, rows, chunks, longest, dtype, rank, parts, carver);
  at.layer.stats = memory.stats.data();
  return at;
}

}  // namespace

Decoder::Scratch::Scratch(Crew* crew) : buffers(std::make_unique<Buffers>()) {
  buffers->crew = crew == nullptr ? &buffers->alone : crew;
}
Decoder::Scratch::~Scratch() = default;

Decoder::Decoder(std::shared_ptr<const Weights> weights, Dtype dtype)
    : Decoder(std::move(weights), kernels(dtype)) {}
Decoder::Decoder(std::shared_ptr<const Weights> weights, const Kernels& table)
    : packed_(std::make_shared<const Packed>(std::move(weights), table)) {}
Decoder::Decoder(const Decoder& base, const LoraSettings& settings,
                 std::shared_ptr<const Weights> adapter)
    : packed_(base.packed_),
      adapter_(std::make_shared<const PackedLora>(*packed_->table, settings, std::move(adapter))) {}
Decoder::~Decoder() = default;

const ModelConfig& Decoder::config() const { return packed_->weights->config; }
const Weights& Decoder::weights() const { return *packed_->weights; }
const Weights& Decoder::trained() const { return adapter_ ? *adapter_->weights : weights(); }
Dtype Decoder::dtype() const { return packed_->dtype(); }
std::size_t Decoder::packed_bytes() const {
  std::size_t floats = packed_->head.data.size();
  for (const PackedLayer& layer : packed_->layers) {
    for (const PanelMatrix* matrix : {&layer.qkv, &layer.o, &layer.gate, &layer.up, &layer.down}) {
      floats += matrix->data.size();
    }
  }
  return floats * sizeof(float);
}

std::size_t Decoder::packed_bytes(const ModelConfig& c, Dtype dtype) {
  const auto panels = [dtype](int inputs, int outputs) {
    return static_cast<std::size_t>(words(dtype, inputs)) *
           static_cast<std::size_t>(round_up(outputs, kLanes));
  };
  const std::size_t layer = panels(c.width, qkv_width(c)) + panels(c.heads * c.head_dim, c.width) +
                            2 * panels(c.width, c.ffn) + panels(c.ffn, c.width);
  return (static_cast<std::size_t>(c.layers) * layer + panels(c.width, c.vocab)) * sizeof(float);
}

std::size_t Decoder::bytes(const ModelConfig& c, Dtype dtype) {
  std::size_t sum = packed_bytes(c, dtype) + Angles::bytes(c);
  if (dtype == Dtype::kFp32) return sum;
  sum += static_cast<std::size_t>(c.vocab) * static_cast<std::size_t>(words(dtype, c.width)) *
         sizeof(float);
  const ParameterLayout layout(c);
  for (const TensorSpec& spec : layout.tensors()) {
    if (!spec.is_matrix()) sum += spec.size * sizeof(float);
  }
  return sum;
}

std::size_t Decoder::Scratch::bytes(const ModelConfig& c, Dtype dtype, std::size_t rows,
                                    std::size_t chunks, int longest, int parts) {
  Carver counter(nullptr);
  carve_from(c, rows, chunks, longest, dtype, 0, parts, counter);
  return counter.used() * sizeof(float) +
         rows * static_cast<std::size_t>(c.heads) * sizeof(AttentionStats);
}

void Decoder::extend(std::span<const Chunk> chunks, Scratch& scratch,
                     std::span<float> logits) const {
  const ModelConfig& c = config();
  Scratch::Buffers& memory = *scratch.buffers;
  memory.ranges.clear();
  memory.tokens.clear();
  int longest = 0;
  int rank = 0;
  for (const Chunk& chunk : chunks) {
    KvCache& cache = *chunk.cache;
    const int rows = static_cast<int>(chunk.tokens.size());
    assert(rows > 0 && cache.length() + rows <= c.max_positions);
    cache.grow(rows);
    const Decoder& model = chunk.model == nullptr ? *this : *chunk.model;
    assert(shares_base(model));
    memory.ranges.push_back({cache.pages_.data(), cache.length(), rows, model.adapter()});
    if (model.adapter() != nullptr) rank = std::max(rank, model.adapter()->settings.rank);
    memory.tokens.insert(memory.tokens.end(), chunk.tokens.begin(), chunk.tokens.end());
    cache.length_ += rows;
    longest = std::max(longest, cache.length_);
  }
  memory.crew->gather();
  const int count = static_cast<int>(chunks.size());
  const int rows = static_cast<int>(memory.tokens.size());
  assert(logits.size() == chunks.size() * static_cast<std::size_t>(c.vocab));
  if (count == 0) return;

  const auto m = static_cast<std::size_t>(rows);
  if (memory.stats.size() < m * static_cast<std::size_t>(c.heads)) {
    memory.stats.resize(m * static_cast<std::size_t>(c.heads));
  }
  const ExtendMemory at = carve(c, m, chunks.size(), longest, dtype(), rank, memory);

  const ForwardPass pass{*packed_,   memory.ranges, rows,         at.cosines, at.sines,
                         at.scratch, longest,       *memory.crew, rank};
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
