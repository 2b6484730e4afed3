#include <algorithm>
#include <cassert>

#include "model/train_pass_state.h"

namespace troupe {

TrainPass::TrainPass() : TrainPass(Options{}) {}
TrainPass::TrainPass(Options options) : state_(std::make_unique<State>()) {
  state_->options = options;
}
TrainPass::~TrainPass() = default;

int logit_block(const ModelConfig& c) {
  constexpr int kFloats = 1 << 22;  // 16 MiB: the products of the head stay efficient
  return std::clamp(kFloats / c.vocab / 2 * 2, 64, 4096);
}

void TrainPass::State::place(const ModelConfig& c, Dtype dtype, Carver& carver) {
  const std::size_t rows = size.rows;
  const int rotated = c.heads + c.kv_heads;
  layers.resize(static_cast<std::size_t>(c.layers));
  float* x = carver.take(rows, c.width);
  float* low_sums = carver.take(rows, kLoraReaders * size.rank);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    LayerBuffers& at = layers[l];
    if (l > 0 && options.recompute) {
      at = layers[0];  // one set of buffers for all
      at.x = x;
    } else {
      at.x = x;
      at.h1 = carver.take(rows, words(dtype, c.width));
      at.s1 = carver.take(rows, 1);
      at.qkv = carver.take(rows, qkv_width(c));
      at.qk_raw = carver.take(rows, c.qk_norm() ? rotated * c.head_dim : 0);
      at.qk_s = carver.take(rows, c.qk_norm() ? rotated : 0);
      at.attention = carver.take(rows, words(dtype, c.heads * c.head_dim));
      at.x_mid = carver.take(rows, c.width);
      at.h2 = carver.take(rows, words(dtype, c.width));
      at.s2 = carver.take(rows, 1);
      at.gate = carver.take(rows, c.ffn);
      at.up = carver.take(rows, c.ffn);
      at.act = carver.take(rows, words(dtype, c.ffn));
      at.low = carver.take(rows * kLoraTargets, words(dtype, size.rank));
      at.low_sums = low_sums;
    }
    at.x_out = carver.take(rows, c.width);
    x = at.x_out;
  }
  gathered = carver.take(size.scored, c.width);
  h = carver.take(size.scored, words(dtype, c.width));
  s = carver.take(size.scored, 1);
  logits = carver.take(std::min(size.scored, static_cast<std::size_t>(logit_block(c))), c.vocab);
  cosines = carver.take(rows, c.head_dim / 2);
  sines = carver.take(rows, c.head_dim / 2);
  scratch = carver.take(ForwardPass::part_floats(c, size.longest), 1);
}

std::size_t TrainPass::State::stats_count(const ModelConfig& c) const {
  return size.rows * static_cast<std::size_t>(c.heads) *
         (options.recompute ? 1 : static_cast<std::size_t>(c.layers));
}

void TrainPass::State::load(const Decoder& decoder, std::span<const Sequence> sequences) {
  const Decoder::Packed& model = decoder.packed();
  tokens.clear();
  scored.clear();
  ranges.clear();
  pages.clear();
  size.longest = 0;
  std::size_t page_count = 0;
  for (const Sequence& sequence : sequences) {
    page_count += static_cast<std::size_t>(kv_pages(static_cast<int>(sequence.tokens.size())));
  }
  const auto page_words = static_cast<std::size_t>(model.kv.page_words());
  float* memory = at_least(caches, page_count * page_words);
  for (std::size_t i = 0; i < page_count; ++i) pages.push_back(memory + i * page_words);
  float* const* page = pages.data();
  for (const Sequence& sequence : sequences) {
    const auto first = static_cast<int>(tokens.size());
    const auto length = static_cast<int>(sequence.tokens.size());
    assert(length <= model.weights->config.max_positions);
    for (const int position : sequence.scored) {
      assert(position >= 0 && position < length);
      scored.push_back(first + position);
    }
    tokens.insert(tokens.end(), sequence.tokens.begin(), sequence.tokens.end());
    ranges.push_back({page, 0, length, decoder.adapter()});
    page += kv_pages(length);
    size.longest = std::max(size.longest, length);
  }
  size.rows = tokens.size();
  size.scored = scored.size();
  size.rank = decoder.adapter() == nullptr ? 0 : decoder.adapter()->settings.rank;
}

void TrainPass::run(const Decoder& decoder, std::span<const Sequence> sequences, const Row& row,
                    std::span<float> gradient) {
  State& state = *state_;
  const Decoder::Packed& model = decoder.packed();
  const ModelConfig& c = decoder.config();
  assert(gradient.empty() || gradient.size() == decoder.trained().layout.size());
  state.load(decoder, sequences);
  Carver counter(nullptr);
  state.place(c, model.dtype(), counter);
  Carver carver(at_least(state.activations, counter.used()));
  state.place(c, model.dtype(), carver);
  state.stats.resize(std::max(state.stats.size(), state.stats_count(c)));
  const std::size_t stats = state.size.rows * static_cast<std::size_t>(c.heads);
  for (std::size_t l = 0; l < state.layers.size(); ++l) {
    state.layers[l].stats = state.stats.data() + (state.options.recompute ? 0 : l * stats);
  }

  const ForwardPass pass{model,
                         state.ranges,
                         static_cast<int>(state.size.rows),
                         state.cosines,
                         state.sines,
                         state.scratch,
                         state.size.longest,
                         state.alone,
                         state.size.rank};
  pass.embed(state.tokens, state.layers.front().x);
  for (int l = 0; l < c.layers; ++l) pass.layer(l, state.layers[static_cast<std::size_t>(l)]);
  const auto width = static_cast<std::size_t>(c.width);
  const float* x = state.layers.back().x_out;
  for (std::size_t i = 0; i < state.scored.size(); ++i) {
    std::copy_n(x + static_cast<std::size_t>(state.scored[i]) * width, width,
                state.gathered + i * width);
  }

  Backward backward(decoder, state, gradient.data());
  const auto vocab = static_cast<std::size_t>(c.vocab);
  const int scored = static_cast<int>(state.scored.size());
  const int block = logit_block(c);
  for (int first = 0; first < scored; first += block) {
    const int count = std::min(block, scored - first);
    const auto at = static_cast<std::size_t>(first);
    pass.head(state.gathered + at * width, count,
              state.h + at * static_cast<std::size_t>(words(model.dtype(), c.width)), state.s + at,
              state.logits);
    for (int i = 0; i < count; ++i) {
      row(at + static_cast<std::size_t>(i),
          {state.logits + static_cast<std::size_t>(i) * vocab, vocab});
    }
    if (!gradient.empty()) backward.head(state.logits, first, count);
  }
  if (!gradient.empty()) backward.layers(pass);
}

std::size_t TrainPass::forward_bytes(const ModelConfig& config, Dtype dtype, Options options,
                                     std::int64_t rows, std::int64_t scored, std::int64_t longest,
                                     int rank) {
  State state;
  state.options = options;
  state.size = {static_cast<std::size_t>(rows), static_cast<std::size_t>(scored),
                static_cast<int>(longest), rank};
  Carver counter(nullptr);
  state.place(config, dtype, counter);
  // Every sequence leaves about half a page of its last 16 positions empty.
  const std::int64_t pages =
      (rows + kPagePositions - 1) / kPagePositions + rows / std::max<std::int64_t>(longest, 1) + 1;
  return counter.used() * sizeof(float) +
         static_cast<std::size_t>(pages) * KvPool::page_bytes(config, dtype) +
         state.stats_count(config) * sizeof(AttentionStats);
}

std::size_t TrainPass::bytes(const ModelConfig& config, Dtype dtype, Options options,
                             std::int64_t rows, std::int64_t scored, std::int64_t longest,
                             int rank) {
  const PassSize size = {static_cast<std::size_t>(rows), static_cast<std::size_t>(scored),
                         static_cast<int>(longest), rank};
  BackwardBuffers backward{};
  Carver counter(nullptr);
  backward.place(config, dtype, size, counter);
  return counter.used() * sizeof(float) +
         forward_bytes(config, dtype, options, rows, scored, longest, rank);
}

}  // namespace troupe
