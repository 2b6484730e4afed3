#include <algorithm>
#include <cassert>

#include "model/train_pass_state.h"

namespace troupe {

TrainPass::TrainPass() : state_(std::make_unique<State>()) {}
TrainPass::~TrainPass() = default;

void TrainPass::State::place(const ModelConfig& c, std::size_t rows, std::size_t scored_rows,
                             Carver& carver) {
  const int rotated = c.heads + c.kv_heads;
  layers.resize(static_cast<std::size_t>(c.layers));
  float* x = carver.take(rows, c.width);
  for (LayerBuffers& at : layers) {
    at.x = x;
    at.h1 = carver.take(rows, c.width);
    at.s1 = carver.take(rows, 1);
    at.qkv = carver.take(rows, qkv_width(c));
    at.qk_raw = carver.take(rows, c.qk_norm() ? rotated * c.head_dim : 0);
    at.qk_s = carver.take(rows, c.qk_norm() ? rotated : 0);
    at.attention = carver.take(rows, c.heads * c.head_dim);
    at.x_mid = carver.take(rows, c.width);
    at.h2 = carver.take(rows, c.width);
    at.s2 = carver.take(rows, 1);
    at.gate_up = carver.take(rows, 2 * c.ffn);
    at.act = carver.take(rows, c.ffn);
    at.x_out = carver.take(rows, c.width);
    x = at.x_out;
  }
  x_final = x;
  gathered = carver.take(scored_rows, c.width);
  h = carver.take(scored_rows, c.width);
  s = carver.take(scored_rows, 1);
  logits = carver.take(scored_rows, c.vocab);
  cosines = carver.take(rows, c.head_dim / 2);
  sines = carver.take(rows, c.head_dim / 2);
  scores = carver.take(1, round_up(longest, kLanes));
}

std::span<const float> TrainPass::forward(const Decoder& decoder,
                                          std::span<const Sequence> sequences) {
  State& state = *state_;
  const ModelConfig& c = decoder.config();
  state.tokens.clear();
  state.scored.clear();
  state.ranges.clear();
  state.longest = 0;
  std::size_t cache_floats = 0;
  for (const Sequence& sequence : sequences) {
    const auto first = static_cast<int>(state.tokens.size());
    const auto length = static_cast<int>(sequence.tokens.size());
    assert(length <= c.max_positions);
    for (const int position : sequence.scored) {
      assert(position >= 0 && position < length);
      state.scored.push_back(first + position);
    }
    state.tokens.insert(state.tokens.end(), sequence.tokens.begin(), sequence.tokens.end());
    state.ranges.push_back({nullptr, kv_layout(c, length), 0, length});
    cache_floats += (state.ranges.back().layout.floats() + 15) / 16 * 16;
    state.longest = std::max(state.longest, length);
  }
  float* cache = at_least(state.caches, cache_floats);
  for (RowRange& range : state.ranges) {
    range.cache = cache;
    cache += (range.layout.floats() + 15) / 16 * 16;
  }

  const std::size_t rows = state.tokens.size();
  const std::size_t scored = state.scored.size();
  Carver counter(nullptr);
  state.place(c, rows, scored, counter);
  Carver carver(at_least(state.activations, counter.used()));
  state.place(c, rows, scored, carver);
  const std::size_t stats = rows * static_cast<std::size_t>(c.heads);
  state.stats.resize(std::max(state.stats.size(), stats * state.layers.size()));
  for (std::size_t l = 0; l < state.layers.size(); ++l) {
    state.layers[l].stats = state.stats.data() + l * stats;
  }

  const ForwardPass pass{decoder.packed(), state.ranges, static_cast<int>(rows),
                         state.cosines,    state.sines,  state.scores};
  pass.embed(state.tokens, state.layers.front().x);
  for (int l = 0; l < c.layers; ++l) pass.layer(l, state.layers[static_cast<std::size_t>(l)]);
  const auto width = static_cast<std::size_t>(c.width);
  for (std::size_t i = 0; i < scored; ++i) {
    std::copy_n(state.x_final + static_cast<std::size_t>(state.scored[i]) * width, width,
                state.gathered + i * width);
  }
  pass.head(state.gathered, static_cast<int>(scored), state.h, state.s, state.logits);
  return {state.logits, scored * static_cast<std::size_t>(c.vocab)};
}

std::size_t TrainPass::bytes(const ModelConfig& config, std::int64_t rows, std::int64_t scored) {
  State state;
  state.longest = static_cast<int>(rows);
  const auto m = static_cast<std::size_t>(rows);
  Carver counter(nullptr);
  state.place(config, m, static_cast<std::size_t>(scored), counter);
  BackwardBuffers backward{};
  backward.place(config, m, static_cast<std::size_t>(scored), state.longest, counter);
  const std::size_t stats = m * static_cast<std::size_t>(config.heads * config.layers);
  return (counter.used() + kv_layout(config, static_cast<int>(rows)).floats()) * sizeof(float) +
         stats * sizeof(AttentionStats);
}

}  // namespace troupe
