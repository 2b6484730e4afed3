#include <algorithm>
#include <cassert>
#include <cmath>

#include "model/train_pass_state.h"

namespace troupe {
namespace {

std::size_t times(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

}  // namespace

void BackwardBuffers::place(const ModelConfig& c, Dtype dtype, const PassSize& size,
                            Carver& carver) {
  const int padded = round_up(size.longest, kLanes);
  const int vectors = std::max({c.width, qkv_width(c), c.head_dim});
  const std::size_t block = std::min(size.scored, static_cast<std::size_t>(logit_block(c)));
  dx = carver.take(size.rows, c.width);
  dh = carver.take(size.rows, c.width);
  dscored = carver.take(size.scored, c.width);
  dqkv = carver.take(size.rows, qkv_width(c));
  dattention = carver.take(size.rows, c.heads * c.head_dim);
  dgate = carver.take(size.rows, c.ffn);
  dup = carver.take(size.rows, c.ffn);
  dact = carver.take(size.rows, c.ffn);
  dlow = carver.take(size.rows, size.rank);
  p = carver.take(kQueryBlock, padded);
  dp = carver.take(kQueryBlock, padded);
  values = carver.take(static_cast<std::size_t>(c.head_dim), padded);
  vector = carver.take(1, vectors);
  vector2 = carver.take(1, vectors);
  const int columns = std::max({c.width, c.ffn, c.heads * c.head_dim, size.rank});
  const auto most = [&](auto floats) {
    return std::max(floats(dtype, size.rows, columns), floats(dtype, block, c.vocab));
  };
  rows = carver.take(most(TrainProducts::row_floats), 1);
  pairs = carver.take(most(TrainProducts::pair_floats), 1);
  // The attention's products are fp32 whatever the dtype.
  const int sums = std::max({words(dtype, std::max({static_cast<int>(size.rows),
                                                    static_cast<int>(block), c.vocab, columns})),
                             size.longest, kQueryBlock, c.head_dim});
  workspace = carver.take(gemm_workspace(sums), 1);
}

Backward::Backward(const Decoder& decoder, TrainPass::State& kept, float* gradient)
    : model_(decoder.packed()),
      adapter_(decoder.adapter()),
      table_(*model_.table),
      c_(model_.weights->config),
      state_(kept),
      gradient_(gradient),
      rows_(static_cast<int>(kept.size.rows)) {
  if (gradient == nullptr) return;
  Carver counter(nullptr);
  at_.place(c_, model_.dtype(), kept.size, counter);
  Carver carver(at_least(kept.gradients, counter.used()));
  at_.place(c_, model_.dtype(), kept.size, carver);
}

// dx (+)= dy * weight, weight [n, k] at `offset`.
void Backward::input_gradient(const float* dy, int n, int stride, std::size_t offset, int k,
                              bool add, float* dx) const {
  products().input_gradient(dy, rows_, n, stride, model_.at(offset), k, add, dx);
}

// gradient[offset] += dy^T * x, over the rows in order; x [rows, words(k)].
void Backward::weight_gradient(const float* dy, int n, int stride, const float* x, int k,
                               std::size_t offset) const {
  if (adapter_ != nullptr) return;
  products().weight_gradient(dy, rows_, n, stride, x, k, gradient_ + offset);
}

// The adapter's part of a target's backward pass: gradients of its B and A, and dx += s dy B A, if
// that is wanted. dy [rows, outputs], x [rows, words(inputs)], as it entered the layer.
void Backward::adapter_gradient(int layer, LoraTarget target, const float* dy, int stride,
                                const float* x, const LayerBuffers& kept, float* dx) const {
  if (adapter_ == nullptr || !adapter_->settings.has(target)) return;
  const PackedLora::Layer& at = adapter_->layers[static_cast<std::size_t>(layer)];
  const LinearShape shape = linear_shape(c_, target);
  const float* values = adapter_->weights->values.data();
  const int rank = adapter_->settings.rank;
  const std::size_t a = at.a_at[static_cast<std::size_t>(target)];
  const std::size_t b = at.b_at[static_cast<std::size_t>(target)];
  const float* low = low_rows(kept, target, rows_, words(table_.dtype, rank));
  products().weight_gradient(dy, rows_, shape.outputs, stride, low, rank, gradient_ + b);
  products().input_gradient(dy, rows_, shape.outputs, stride, values + b, rank, false, at_.dlow);
  for (std::size_t i = 0; i < times(rows_, rank); ++i) at_.dlow[i] *= adapter_->scale;
  products().weight_gradient(at_.dlow, rows_, rank, rank, x, shape.inputs, gradient_ + a);
  if (dx == nullptr) return;
  products().input_gradient(at_.dlow, rows_, rank, rank, values + a, shape.inputs, true, dx);
}

// Gradient of `m` rows of a norm over width: dx (+)= ..., and the weight's into the gradient.
void Backward::norm_gradient(const float* x, const float* weight, std::size_t offset,
                             const float* scales, const float* dy, int m, bool add, float* dx) {
  std::fill_n(at_.vector, c_.width, 0.0F);
  for (int i = 0; i < m; ++i) {
    table_.rms_norm_backward(x + times(i, c_.width), weight, scales[i], dy + times(i, c_.width),
                             c_.width, add, dx + times(i, c_.width), at_.vector);
  }
  if (adapter_ == nullptr) table_.add(at_.vector, c_.width, gradient_ + offset);
}

void Backward::head(const float* dlogits, int first, int count) {
  const int row = words(table_.dtype, c_.width);
  if (adapter_ == nullptr) {
    products().weight_gradient(dlogits, count, c_.vocab, c_.vocab, state_.h + times(first, row),
                               c_.width, gradient_ + model_.head_at);
  }
  products().input_gradient(dlogits, count, c_.vocab, c_.vocab, model_.at(model_.head_at), c_.width,
                            false, at_.dscored + times(first, c_.width));
}

void Backward::from_scored() {
  const int scored = static_cast<int>(state_.scored.size());
  norm_gradient(state_.gathered, model_.final_norm, model_.final_norm_at, state_.s, at_.dscored,
                scored, false, at_.dscored);
  std::fill_n(at_.dx, times(rows_, c_.width), 0.0F);
  for (int i = 0; i < scored; ++i) {
    table_.add(at_.dscored + times(i, c_.width), c_.width,
               at_.dx + times(state_.scored[static_cast<std::size_t>(i)], c_.width));
  }
}

void Backward::layers(const ForwardPass& forward) {
  from_scored();
  for (int l = c_.layers - 1; l >= 0; --l) {
    const auto i = static_cast<std::size_t>(l);
    if (state_.options.recompute && l + 1 < c_.layers) forward.layer(l, state_.layers[i]);
    feed_forward(l, state_.layers[i]);
    attention(l, state_.layers[i]);
  }
  if (adapter_ != nullptr) return;
  for (int i = 0; i < rows_; ++i) {
    const TokenId token = state_.tokens[static_cast<std::size_t>(i)];
    table_.add(at_.dx + times(i, c_.width), c_.width,
               gradient_ + model_.embedding_at + times(token, c_.width));
  }
}

void Backward::feed_forward(int layer, const LayerBuffers& kept) {
  const PackedLayer& packed = model_.layers[static_cast<std::size_t>(layer)];
  weight_gradient(at_.dx, c_.width, c_.width, kept.act, c_.ffn, packed.at.down);
  input_gradient(at_.dx, c_.width, c_.width, packed.at.down, c_.ffn, false, at_.dact);
  adapter_gradient(layer, LoraTarget::kDown, at_.dx, c_.width, kept.act, kept, at_.dact);
  table_.swiglu_backward(kept.gate, kept.up, at_.dact, rows_ * c_.ffn, at_.dgate, at_.dup);
  weight_gradient(at_.dgate, c_.ffn, c_.ffn, kept.h2, c_.width, packed.at.gate);
  weight_gradient(at_.dup, c_.ffn, c_.ffn, kept.h2, c_.width, packed.at.up);
  input_gradient(at_.dgate, c_.ffn, c_.ffn, packed.at.gate, c_.width, false, at_.dh);
  input_gradient(at_.dup, c_.ffn, c_.ffn, packed.at.up, c_.width, true, at_.dh);
  adapter_gradient(layer, LoraTarget::kGate, at_.dgate, c_.ffn, kept.h2, kept, at_.dh);
  adapter_gradient(layer, LoraTarget::kUp, at_.dup, c_.ffn, kept.h2, kept, at_.dh);
  norm_gradient(kept.x_mid, packed.norm2, packed.at.norm2, kept.s2, at_.dh, rows_, true, at_.dx);
}

void Backward::attention(int layer, const LayerBuffers& kept) {
  const PackedLayer& packed = model_.layers[static_cast<std::size_t>(layer)];
  const int q = c_.heads * c_.head_dim;
  const int kv = c_.kv_heads * c_.head_dim;
  const int width = qkv_width(c_);
  weight_gradient(at_.dx, c_.width, c_.width, kept.attention, q, packed.at.o);
  input_gradient(at_.dx, c_.width, c_.width, packed.at.o, q, false, at_.dattention);
  adapter_gradient(layer, LoraTarget::kO, at_.dx, c_.width, kept.attention, kept, at_.dattention);
  std::fill_n(at_.dqkv, times(rows_, width), 0.0F);
  int first_row = 0;
  for (const RowRange& range : state_.ranges) {
    for (int h = 0; h < c_.heads; ++h) {
      const int slot = layer * c_.kv_heads + h / (c_.heads / c_.kv_heads);
      attention_head(range, first_row, slot, h, kept);
    }
    first_row += range.rows;
  }
  rotate_back(packed, kept);

  float* dq = at_.dqkv;
  float* dk = dq + q;
  float* dv = dk + kv;
  // Below the first layer's projections nothing of an adapter is left to train.
  const bool last = adapter_ != nullptr && layer == 0;
  weight_gradient(dq, q, width, kept.h1, c_.width, packed.at.q);
  weight_gradient(dk, kv, width, kept.h1, c_.width, packed.at.k);
  weight_gradient(dv, kv, width, kept.h1, c_.width, packed.at.v);
  if (!last) {
    input_gradient(dq, q, width, packed.at.q, c_.width, false, at_.dh);
    input_gradient(dk, kv, width, packed.at.k, c_.width, true, at_.dh);
    input_gradient(dv, kv, width, packed.at.v, c_.width, true, at_.dh);
  }
  float* dh = last ? nullptr : at_.dh;
  adapter_gradient(layer, LoraTarget::kQ, dq, width, kept.h1, kept, dh);
  adapter_gradient(layer, LoraTarget::kK, dk, width, kept.h1, kept, dh);
  adapter_gradient(layer, LoraTarget::kV, dv, width, kept.h1, kept, dh);
  if (last) return;
  norm_gradient(kept.x, packed.norm1, packed.at.norm1, kept.s1, at_.dh, rows_, true, at_.dx);
}

// One head of one sequence: writes dq (with respect to the scaled q) and adds to dk and dv. Blocks
// of queries recompute their probabilities; within a block everything is a matrix product, in fp32
// whatever the dtype.
void Backward::attention_head(const RowRange& range, int first_row, int slot, int head,
                              const LayerBuffers& kept) {
  const Kernels& floats = *model_.floats;
  const int dim = c_.head_dim;
  const int width = qkv_width(c_);
  const int kv_head = slot % c_.kv_heads;
  const int padded = round_up(range.rows, kLanes);
  const float* qkv = kept.qkv + times(first_row, width);
  const float* q = qkv + head * dim;
  const float* k = qkv + (c_.heads + kv_head) * dim;
  const float* v = k + c_.kv_heads * dim;
  float* dq = at_.dqkv + times(first_row, width) + head * dim;
  float* dk = at_.dqkv + times(first_row, width) + (c_.heads + kv_head) * dim;
  float* dv = dk + c_.kv_heads * dim;
  const float* dout = at_.dattention + times(first_row, c_.heads * dim) + head * dim;
  for (int t = 0; t < range.rows; ++t) {
    for (int d = 0; d < dim; ++d)
      at_.values[times(d, padded) + static_cast<std::size_t>(t)] =
          v[times(t, width) + static_cast<std::size_t>(d)];
  }
  AttentionRow row;
  row.pages = range.pages;
  row.keys = model_.kv.keys(slot);
  row.head_dim = dim;
  row.heads = 1;
  row.q = at_.vector;
  for (int start = 0; start < range.rows; start += kQueryBlock) {
    const int count = std::min(kQueryBlock, range.rows - start);
    const int keys = start + count;  // the last query of the block sees this many
    for (int i = 0; i < count; ++i) {
      table_.pack(q + times(start + i, width), dim, at_.vector);
      row.count = start + i + 1;
      table_.attention_probabilities(
          row, kept.stats[times(first_row + start + i, c_.heads) + static_cast<std::size_t>(head)],
          round_up(keys, kLanes), at_.p + times(i, padded));
    }
    Gemm dp;  // dout * values^T
    dp.m = count;
    dp.n = keys;
    dp.r = dim;
    dp.a = dout + times(start, c_.heads * dim);
    dp.a_row = c_.heads * dim;
    dp.b = at_.values;
    dp.b_row = padded;
    dp.c = at_.dp;
    dp.c_row = padded;
    dp.workspace = at_.workspace;
    floats.gemm(dp);
    Gemm over_queries;  // dv += p^T * dout
    over_queries.m = keys;
    over_queries.n = dim;
    over_queries.r = count;
    over_queries.a = at_.p;
    over_queries.a_row = 1;
    over_queries.a_col = padded;
    over_queries.b = dp.a;
    over_queries.b_row = dp.a_row;
    over_queries.c = dv;
    over_queries.c_row = width;
    over_queries.add = true;
    over_queries.workspace = at_.workspace;
    floats.gemm(over_queries);
    for (int i = 0; i < count; ++i) {
      floats.softmax_backward(at_.p + times(i, padded), at_.dp + times(i, padded), keys);
    }
    over_queries.a = at_.dp;  // dk += dscores^T * q
    over_queries.b = q + times(start, width);
    over_queries.b_row = width;
    over_queries.c = dk;
    floats.gemm(over_queries);
    Gemm over_keys;  // dq = dscores * k
    over_keys.m = count;
    over_keys.n = dim;
    over_keys.r = keys;
    over_keys.a = at_.dp;
    over_keys.a_row = padded;
    over_keys.b = k;
    over_keys.b_row = width;
    over_keys.c = dq + times(start, width);
    over_keys.c_row = width;
    over_keys.workspace = at_.workspace;
    floats.gemm(over_keys);
  }
}

// From the gradient of the rotated q and k to that of the projections' outputs; bias gradients.
void Backward::rotate_back(const PackedLayer& packed, const LayerBuffers& kept) {
  const int dim = c_.head_dim;
  const int half = dim / 2;
  const int width = qkv_width(c_);
  const int rotated = c_.heads + c_.kv_heads;
  const float scale = 1.0F / std::sqrt(static_cast<float>(dim));
  std::fill_n(at_.vector, dim, 0.0F);
  std::fill_n(at_.vector2, dim, 0.0F);
  for (int row = 0; row < rows_; ++row) {
    float* d = at_.dqkv + times(row, width);
    const float* cos = state_.cosines + times(row, half);
    const float* sin = state_.sines + times(row, half);
    table_.rope(d, c_.heads, cos, sin, half, scale, true);
    table_.rope(d + c_.heads * dim, c_.kv_heads, cos, sin, half, 1.0F, true);
    if (!c_.qk_norm()) continue;
    for (int h = 0; h < rotated; ++h) {
      const bool query = h < c_.heads;
      table_.rms_norm_backward(
          kept.qk_raw + times(row, rotated * dim) + h * dim, query ? packed.q_norm : packed.k_norm,
          kept.qk_s[times(row, rotated) + static_cast<std::size_t>(h)], d + h * dim, dim, false,
          d + h * dim, query ? at_.vector : at_.vector2);
    }
  }
  if (adapter_ != nullptr) return;
  if (c_.qk_norm()) {
    table_.add(at_.vector, dim, gradient_ + packed.at.q_norm);
    table_.add(at_.vector2, dim, gradient_ + packed.at.k_norm);
  }
  if (c_.qkv_bias()) {
    const int q = c_.heads * dim;
    const int kv = c_.kv_heads * dim;
    std::fill_n(at_.vector, width, 0.0F);
    for (int r = 0; r < rows_; ++r) table_.add(at_.dqkv + times(r, width), width, at_.vector);
    table_.add(at_.vector, q, gradient_ + packed.at.q_bias);
    table_.add(at_.vector + q, kv, gradient_ + packed.at.k_bias);
    table_.add(at_.vector + q + kv, kv, gradient_ + packed.at.v_bias);
  }
}

}  // namespace troupe
