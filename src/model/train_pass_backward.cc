#include <algorithm>
#include <cassert>
#include <cmath>

#include "model/train_pass_state.h"

namespace troupe {

void BackwardBuffers::place(const ModelConfig& c, std::size_t rows, std::size_t scored_rows,
                            int longest, Carver& carver) {
  const int padded = round_up(longest, kLanes);
  const int vectors = std::max({c.width, qkv_width(c), c.head_dim});
  dx = carver.take(rows, c.width);
  dh = carver.take(rows, c.width);
  dscored = carver.take(scored_rows, c.width);
  dqkv = carver.take(rows, qkv_width(c));
  dattention = carver.take(rows, c.heads * c.head_dim);
  dgate_up = carver.take(rows, 2 * c.ffn);
  dact = carver.take(rows, c.ffn);
  p = carver.take(kQueryBlock, padded);
  dp = carver.take(kQueryBlock, padded);
  values = carver.take(static_cast<std::size_t>(c.head_dim), padded);
  vector = carver.take(1, vectors);
  vector2 = carver.take(1, vectors);
  const int longest_sum = std::max({static_cast<int>(std::max(rows, scored_rows)), c.vocab, c.ffn,
                                    c.width, c.heads * c.head_dim});
  workspace = carver.take(gemm_workspace(longest_sum), 1);
}

namespace {

std::size_t times(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

// Gradients of one pass, from the head down. The order of every sum is a function of the sequences.
struct Backward {
  const Decoder::Packed& model;
  const Kernels& table;
  const ModelConfig& c;
  TrainPass::State& state;
  BackwardBuffers at;
  float* gradient;
  int rows;

  void head(const float* dlogits);
  void feed_forward(const PackedLayer& packed, const LayerBuffers& kept);
  void attention(int layer, const LayerBuffers& kept);
  void attention_head(const RowRange& range, int first_row, int slot, int head,
                      const LayerBuffers& kept);
  void rotate_back(const PackedLayer& packed, const LayerBuffers& kept);
  void embedding();

  // dx (+)= dy * weight; dy [m, n] with rows `stride` apart, weight [n, k] at `offset`.
  void input_gradient(const float* dy, int m, int n, int stride, std::size_t offset, int k,
                      bool add, float* dx) const {
    Gemm g;
    g.m = m;
    g.n = k;
    g.r = n;
    g.a = dy;
    g.a_row = stride;
    g.b = model.at(offset);
    g.b_row = k;
    g.c = dx;
    g.c_row = k;
    g.add = add;
    g.workspace = at.workspace;
    table.gemm(g);
  }

  // gradient[offset] += dy^T * x, over the rows in order; x [m, k].
  void weight_gradient(const float* dy, int m, int n, int stride, const float* x, int k,
                       std::size_t offset) const {
    Gemm g;
    g.m = n;
    g.n = k;
    g.r = m;
    g.a = dy;
    g.a_row = 1;
    g.a_col = stride;
    g.b = x;
    g.b_row = k;
    g.c = gradient + offset;
    g.c_row = k;
    g.add = true;
    g.workspace = at.workspace;
    table.gemm(g);
  }

  // Gradient of `m` rows of a norm over c.width: dx (+)= ..., and the weight's into the gradient.
  void norm_gradient(const float* x, std::size_t offset, const float* scales, const float* dy,
                     int m, bool add, float* dx) const {
    std::fill_n(at.vector, c.width, 0.0F);
    for (int i = 0; i < m; ++i) {
      table.rms_norm_backward(x + times(i, c.width), model.at(offset), scales[i],
                              dy + times(i, c.width), c.width, add, dx + times(i, c.width),
                              at.vector);
    }
    table.add(at.vector, c.width, gradient + offset);
  }
};

void Backward::head(const float* dlogits) {
  const int scored = static_cast<int>(state.scored.size());
  weight_gradient(dlogits, scored, c.vocab, c.vocab, state.h, c.width, model.head_weight);
  input_gradient(dlogits, scored, c.vocab, c.vocab, model.head_weight, c.width, false, at.dscored);
  norm_gradient(state.gathered, model.final_norm, state.s, at.dscored, scored, false, at.dscored);
  std::fill_n(at.dx, times(rows, c.width), 0.0F);
  for (int i = 0; i < scored; ++i) {
    table.add(at.dscored + times(i, c.width), c.width,
              at.dx + times(state.scored[static_cast<std::size_t>(i)], c.width));
  }
}

void Backward::feed_forward(const PackedLayer& packed, const LayerBuffers& kept) {
  weight_gradient(at.dx, rows, c.width, c.width, kept.act, c.ffn, packed.at.down);
  input_gradient(at.dx, rows, c.width, c.width, packed.at.down, c.ffn, false, at.dact);
  for (int i = 0; i < rows; ++i) {
    const float* gate = kept.gate_up + times(i, 2 * c.ffn);
    float* dgate = at.dgate_up + times(i, 2 * c.ffn);
    table.swiglu_backward(gate, gate + c.ffn, at.dact + times(i, c.ffn), c.ffn, dgate,
                          dgate + c.ffn);
  }
  const float* dup = at.dgate_up + c.ffn;
  weight_gradient(at.dgate_up, rows, c.ffn, 2 * c.ffn, kept.h2, c.width, packed.at.gate);
  weight_gradient(dup, rows, c.ffn, 2 * c.ffn, kept.h2, c.width, packed.at.up);
  input_gradient(at.dgate_up, rows, c.ffn, 2 * c.ffn, packed.at.gate, c.width, false, at.dh);
  input_gradient(dup, rows, c.ffn, 2 * c.ffn, packed.at.up, c.width, true, at.dh);
  norm_gradient(kept.x_mid, packed.at.norm2, kept.s2, at.dh, rows, true, at.dx);
}

void Backward::attention(int layer, const LayerBuffers& kept) {
  const PackedLayer& packed = model.layers[static_cast<std::size_t>(layer)];
  const int q = c.heads * c.head_dim;
  const int kv = c.kv_heads * c.head_dim;
  const int width = qkv_width(c);
  weight_gradient(at.dx, rows, c.width, c.width, kept.attention, q, packed.at.o);
  input_gradient(at.dx, rows, c.width, c.width, packed.at.o, q, false, at.dattention);
  std::fill_n(at.dqkv, times(rows, width), 0.0F);
  int first_row = 0;
  for (const RowRange& range : state.ranges) {
    for (int h = 0; h < c.heads; ++h) {
      const int slot = layer * c.kv_heads + h / (c.heads / c.kv_heads);
      attention_head(range, first_row, slot, h, kept);
    }
    first_row += range.rows;
  }
  rotate_back(packed, kept);

  weight_gradient(at.dqkv, rows, q, width, kept.h1, c.width, packed.at.q);
  weight_gradient(at.dqkv + q, rows, kv, width, kept.h1, c.width, packed.at.k);
  weight_gradient(at.dqkv + q + kv, rows, kv, width, kept.h1, c.width, packed.at.v);
  input_gradient(at.dqkv, rows, q, width, packed.at.q, c.width, false, at.dh);
  input_gradient(at.dqkv + q, rows, kv, width, packed.at.k, c.width, true, at.dh);
  input_gradient(at.dqkv + q + kv, rows, kv, width, packed.at.v, c.width, true, at.dh);
  norm_gradient(kept.x, packed.at.norm1, kept.s1, at.dh, rows, true, at.dx);
}

// One head of one sequence: writes dq (with respect to the scaled q) and adds to dk and dv. Blocks
// of queries recompute their probabilities; within a block everything is a matrix product.
void Backward::attention_head(const RowRange& range, int first_row, int slot, int head,
                              const LayerBuffers& kept) {
  const int dim = c.head_dim;
  const int width = qkv_width(c);
  const int kv_head = slot % c.kv_heads;
  const int padded = round_up(range.rows, kLanes);
  const float* qkv = kept.qkv + times(first_row, width);
  const float* q = qkv + head * dim;
  const float* k = qkv + (c.heads + kv_head) * dim;
  const float* v = k + c.kv_heads * dim;
  float* dq = at.dqkv + times(first_row, width) + head * dim;
  float* dk = at.dqkv + times(first_row, width) + (c.heads + kv_head) * dim;
  float* dv = dk + c.kv_heads * dim;
  const float* dout = at.dattention + times(first_row, c.heads * dim) + head * dim;
  for (int t = 0; t < range.rows; ++t) {
    for (int d = 0; d < dim; ++d)
      at.values[times(d, padded) + static_cast<std::size_t>(t)] =
          v[times(t, width) + static_cast<std::size_t>(d)];
  }
  for (int start = 0; start < range.rows; start += kQueryBlock) {
    const int count = std::min(kQueryBlock, range.rows - start);
    const int keys = start + count;  // the last query of the block sees this many
    for (int i = 0; i < count; ++i) {
      table.attention_probabilities(
          q + times(start + i, width), range.cache + range.layout.keys(slot), start + i + 1, dim,
          kept.stats[times(first_row + start + i, c.heads) + static_cast<std::size_t>(head)],
          round_up(keys, kLanes), at.p + times(i, padded));
    }
    Gemm dp;  // dout * values^T
    dp.m = count;
    dp.n = keys;
    dp.r = dim;
    dp.a = dout + times(start, c.heads * dim);
    dp.a_row = c.heads * dim;
    dp.b = at.values;
    dp.b_row = padded;
    dp.c = at.dp;
    dp.c_row = padded;
    dp.workspace = at.workspace;
    table.gemm(dp);
    Gemm over_queries;  // dv += p^T * dout
    over_queries.m = keys;
    over_queries.n = dim;
    over_queries.r = count;
    over_queries.a = at.p;
    over_queries.a_row = 1;
    over_queries.a_col = padded;
    over_queries.b = dp.a;
    over_queries.b_row = dp.a_row;
    over_queries.c = dv;
    over_queries.c_row = width;
    over_queries.add = true;
    over_queries.workspace = at.workspace;
    table.gemm(over_queries);
    for (int i = 0; i < count; ++i) {
      table.softmax_backward(at.p + times(i, padded), at.dp + times(i, padded), keys);
    }
    over_queries.a = at.dp;  // dk += dscores^T * q
    over_queries.b = q + times(start, width);
    over_queries.b_row = width;
    over_queries.c = dk;
    table.gemm(over_queries);
    Gemm over_keys;  // dq = dscores * k
    over_keys.m = count;
    over_keys.n = dim;
    over_keys.r = keys;
    over_keys.a = at.dp;
    over_keys.a_row = padded;
    over_keys.b = k;
    over_keys.b_row = width;
    over_keys.c = dq + times(start, width);
    over_keys.c_row = width;
    over_keys.workspace = at.workspace;
    table.gemm(over_keys);
  }
}

// From the gradient of the rotated q and k to that of the projections' outputs; bias gradients.
void Backward::rotate_back(const PackedLayer& packed, const LayerBuffers& kept) {
  const int dim = c.head_dim;
  const int half = dim / 2;
  const int width = qkv_width(c);
  const int rotated = c.heads + c.kv_heads;
  const float scale = 1.0F / std::sqrt(static_cast<float>(dim));
  std::fill_n(at.vector, dim, 0.0F);
  std::fill_n(at.vector2, dim, 0.0F);
  for (int row = 0; row < rows; ++row) {
    float* d = at.dqkv + times(row, width);
    const float* cos = state.cosines + times(row, half);
    const float* sin = state.sines + times(row, half);
    table.rope(d, c.heads, cos, sin, half, scale, true);
    table.rope(d + c.heads * dim, c.kv_heads, cos, sin, half, 1.0F, true);
    if (!c.qk_norm()) continue;
    for (int h = 0; h < rotated; ++h) {
      const bool query = h < c.heads;
      table.rms_norm_backward(kept.qk_raw + times(row, rotated * dim) + h * dim,
                              model.at(query ? packed.at.q_norm : packed.at.k_norm),
                              kept.qk_s[times(row, rotated) + static_cast<std::size_t>(h)],
                              d + h * dim, dim, false, d + h * dim, query ? at.vector : at.vector2);
    }
  }
  if (c.qk_norm()) {
    table.add(at.vector, dim, gradient + packed.at.q_norm);
    table.add(at.vector2, dim, gradient + packed.at.k_norm);
  }
  if (c.qkv_bias()) {
    const int q = c.heads * dim;
    const int kv = c.kv_heads * dim;
    std::fill_n(at.vector, width, 0.0F);
    for (int r = 0; r < rows; ++r) table.add(at.dqkv + times(r, width), width, at.vector);
    table.add(at.vector, q, gradient + packed.at.q_bias);
    table.add(at.vector + q, kv, gradient + packed.at.k_bias);
    table.add(at.vector + q + kv, kv, gradient + packed.at.v_bias);
  }
}

void Backward::embedding() {
  for (int i = 0; i < rows; ++i) {
    const TokenId token = state.tokens[static_cast<std::size_t>(i)];
    table.add(at.dx + times(i, c.width), c.width,
              gradient + model.embedding + times(token, c.width));
  }
}

}  // namespace

void TrainPass::backward(const Decoder& decoder, std::span<const float> dlogits,
                         std::span<float> gradient) {
  State& state = *state_;
  const ModelConfig& c = decoder.config();
  assert(gradient.size() == decoder.weights().layout.size());
  assert(dlogits.size() == state.scored.size() * static_cast<std::size_t>(c.vocab));
  const std::size_t rows = state.tokens.size();
  BackwardBuffers buffers{};
  Carver counter(nullptr);
  buffers.place(c, rows, state.scored.size(), state.longest, counter);
  Carver carver(at_least(state.gradients, counter.used()));
  buffers.place(c, rows, state.scored.size(), state.longest, carver);

  const Decoder::Packed& model = decoder.packed();
  Backward pass{model, *model.table, c, state, buffers, gradient.data(), static_cast<int>(rows)};
  pass.head(dlogits.data());
  for (int l = c.layers - 1; l >= 0; --l) {
    const auto i = static_cast<std::size_t>(l);
    pass.feed_forward(model.layers[i], state.layers[i]);
    pass.attention(l, state.layers[i]);
  }
  pass.embedding();
}

}  // namespace troupe
