#include "model/forward.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace troupe {
namespace {

std::size_t times(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

// y (+)= x * weight for `rows` rows.
void project(const Kernels& table, const float* x, int rows, const PanelMatrix& weight, bool add,
             float* y) {
  Gemm g;
  g.m = rows;
  g.n = weight.n;
  g.r = weight.r;
  g.a = x;
  g.a_row = weight.r;
  g.b = weight.data.data();
  g.c = y;
  g.c_row = weight.n;
  g.add = add;
  table.gemm(g);
}

void normalise(const Kernels& table, const float* x, const float* weight, int rows, int width,
               float eps, float* y, float* scales) {
  for (int i = 0; i < rows; ++i) {
    scales[i] = table.rms_norm(x + times(i, width), weight, width, eps, y + times(i, width));
  }
}

void copy_rows(const float* from, std::size_t n, float* to) {
  if (from != to) std::copy_n(from, n, to);
}

}  // namespace

void ForwardPass::embed(std::span<const TokenId> tokens, float* x) const {
  const auto width = static_cast<std::size_t>(model.weights->config.width);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    assert(tokens[i] >= 0 && tokens[i] < model.weights->config.vocab);
    std::copy_n(model.at(model.embedding) + static_cast<std::size_t>(tokens[i]) * width, width,
                x + i * width);
  }
  const int half = model.weights->config.head_dim / 2;
  int row = 0;
  for (const RowRange& range : ranges) {
    for (int i = 0; i < range.rows; ++i, ++row) {
      model.angles.at(range.start + i, cosines + times(row, half), sines + times(row, half));
    }
  }
}

void ForwardPass::layer(int index, const LayerBuffers& at) const {
  const Kernels& table = *model.table;
  const ModelConfig& c = model.weights->config;
  const PackedLayer& packed = model.layers[static_cast<std::size_t>(index)];

  normalise(table, at.x, model.at(packed.at.norm1), rows, c.width, c.norm_eps, at.h1, at.s1);
  project(table, at.h1, rows, packed.qkv, false, at.qkv);
  rotate_and_store(index, at);
  attend(index, at);
  copy_rows(at.x, times(rows, c.width), at.x_mid);
  project(table, at.attention, rows, packed.o, true, at.x_mid);

  normalise(table, at.x_mid, model.at(packed.at.norm2), rows, c.width, c.norm_eps, at.h2, at.s2);
  project(table, at.h2, rows, packed.gate_up, false, at.gate_up);
  for (int i = 0; i < rows; ++i) {
    const float* gate = at.gate_up + times(i, 2 * c.ffn);
    table.swiglu(gate, gate + c.ffn, c.ffn, at.act + times(i, c.ffn));
  }
  copy_rows(at.x_mid, times(rows, c.width), at.x_out);
  project(table, at.act, rows, packed.down, true, at.x_out);
}

void ForwardPass::rotate_and_store(int index, const LayerBuffers& at) const {
  const Kernels& table = *model.table;
  const ModelConfig& c = model.weights->config;
  const PackedLayer& packed = model.layers[static_cast<std::size_t>(index)];
  const int dim = c.head_dim;
  const int half = dim / 2;
  const int width = qkv_width(c);
  const int rotated = c.heads + c.kv_heads;  // heads of q, then of k
  const float scale = 1.0F / std::sqrt(static_cast<float>(dim));
  int row = 0;
  for (const RowRange& range : ranges) {
    for (int i = 0; i < range.rows; ++i, ++row) {
      const int position = range.start + i;
      float* qkv = at.qkv + times(row, width);
      if (!packed.qkv_bias.empty()) table.add(packed.qkv_bias.data(), width, qkv);
      if (c.qk_norm()) {
        std::copy_n(qkv, rotated * dim, at.qk_raw + times(row, rotated * dim));
        for (int h = 0; h < rotated; ++h) {
          const float* weight = model.at(h < c.heads ? packed.at.q_norm : packed.at.k_norm);
          at.qk_s[times(row, rotated) + static_cast<std::size_t>(h)] =
              table.rms_norm(qkv + h * dim, weight, dim, c.norm_eps, qkv + h * dim);
        }
      }
      const float* cos = cosines + times(row, half);
      const float* sin = sines + times(row, half);
      table.rope(qkv, c.heads, cos, sin, half, scale, false);
      table.rope(qkv + c.heads * dim, c.kv_heads, cos, sin, half, 1.0F, false);
      for (int h = 0; h < c.kv_heads; ++h) {
        const int slot = index * c.kv_heads + h;
        const float* key = qkv + (c.heads + h) * dim;
        float* block = range.cache + range.layout.keys(slot) +
                       times(position / kLanes, dim * kLanes) + position % kLanes;
        for (int d = 0; d < dim; ++d) block[d * kLanes] = key[d];
        float* value = range.cache + range.layout.values(slot) +
                       static_cast<std::size_t>(position) * range.layout.padded();
        std::copy_n(qkv + (rotated + h) * dim, dim, value);
      }
    }
  }
}

void ForwardPass::attend(int index, const LayerBuffers& at) const {
  const ModelConfig& c = model.weights->config;
  const int dim = c.head_dim;
  const int sharing = c.heads / c.kv_heads;
  int row = 0;
  for (const RowRange& range : ranges) {
    for (int i = 0; i < range.rows; ++i, ++row) {
      const float* q = at.qkv + times(row, qkv_width(c));
      float* out = at.attention + times(row, c.heads * dim);
      AttentionStats* stats = at.stats + times(row, c.heads);
      for (int h = 0; h < c.heads; ++h) {
        const int slot = index * c.kv_heads + h / sharing;
        stats[h] = model.table->attention(q + h * dim, range.cache + range.layout.keys(slot),
                                          range.cache + range.layout.values(slot),
                                          range.start + i + 1, dim, scores, out + h * dim);
      }
    }
  }
}

void ForwardPass::head(const float* x, int n, float* h, float* s, float* logits) const {
  const ModelConfig& c = model.weights->config;
  normalise(*model.table, x, model.at(model.final_norm), n, c.width, c.norm_eps, h, s);
  project(*model.table, h, n, model.head, false, logits);
}

}  // namespace troupe
