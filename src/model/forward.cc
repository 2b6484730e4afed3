#include "model/forward.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

namespace troupe {
namespace {

std::size_t times(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

Share share_of(int n, int part, int parts) { return {n * part / parts, n * (part + 1) / parts}; }

// The same for columns, in whole panels.
Share columns_of(int n, int part, int parts) {
  const Share panels = share_of(round_up(n, kPanel) / kPanel, part, parts);
  return {std::min(panels.begin * kPanel, n), std::min(panels.end * kPanel, n)};
}

// y (+)= x * weight for `rows` rows and the columns of `share`.
void project(const Kernels& table, const float* x, int rows, const PanelMatrix& weight, Share share,
             bool add, float* y) {
  if (share.begin >= share.end) return;
  Gemm g;
  g.m = rows;
  g.n = share.end - share.begin;
  g.r = weight.r;
  g.a = x;
  g.a_row = weight.r;
  g.b = weight.data.data() + times(share.begin, weight.r);
  g.c = y + share.begin;
  g.c_row = weight.n;
  g.add = add;
  table.gemm(g);
}

void normalise(const Kernels& table, const float* x, const float* weight, Share rows, int width,
               float eps, float* y, float* scales) {
  const int row = words(table.dtype, width);
  for (int i = rows.begin; i < rows.end; ++i) {
    scales[i] = table.rms_norm_words(x + times(i, width), weight, width, eps, y + times(i, row));
  }
}

void copy_rows(const float* from, Share rows, int width, float* to) {
  if (from == to) return;
  std::copy_n(from + times(rows.begin, width), times(rows.end - rows.begin, width),
              to + times(rows.begin, width));
}

}  // namespace

std::size_t ForwardPass::part_floats(const ModelConfig& c, int longest) {
  const int sharing = c.heads / c.kv_heads;
  return times(sharing, round_up(longest, kLanes)) +
         static_cast<std::size_t>(round_up(qkv_width(c), kLanes));
}

void ForwardPass::embed(std::span<const TokenId> tokens, float* x) const {
  const int width = model.weights->config.width;
  const int half = model.weights->config.head_dim / 2;
  for (int i = 0; i < rows; ++i) {
    const TokenId token = tokens[static_cast<std::size_t>(i)];
    assert(token >= 0 && token < model.weights->config.vocab);
    model.embed(token, x + times(i, width));
  }
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

  crew.run([&](int part, int parts) {
    const Share own = share_of(rows, part, parts);
    normalise(table, at.x, packed.norm1, own, c.width, c.norm_eps, at.h1, at.s1);
    copy_rows(at.x, own, c.width, at.x_mid);
    if (rank > 0) adapter_down(index, LoraInput::kAttention, at.h1, at, own);
  });
  crew.run([&](int part, int parts) {
    const Share own = columns_of(packed.qkv.n, part, parts);
    project(table, at.h1, rows, packed.qkv, own, false, at.qkv);
    for (const LoraTarget target : {LoraTarget::kQ, LoraTarget::kK, LoraTarget::kV}) {
      adapter_up(index, target, at, own, at.qkv, packed.qkv.n);
    }
  });
  mix(index, at);
  if (adapts(LoraTarget::kO)) {
    crew.run([&](int part, int parts) {
      adapter_down(index, LoraInput::kMixed, at.attention, at, share_of(rows, part, parts));
    });
  }
  crew.run([&](int part, int parts) {
    const Share own = columns_of(c.width, part, parts);
    project(table, at.attention, rows, packed.o, own, true, at.x_mid);
    adapter_up(index, LoraTarget::kO, at, own, at.x_mid, c.width);
  });
  crew.run([&](int part, int parts) {
    const Share own = share_of(rows, part, parts);
    normalise(table, at.x_mid, packed.norm2, own, c.width, c.norm_eps, at.h2, at.s2);
    copy_rows(at.x_mid, own, c.width, at.x_out);
    if (rank > 0) adapter_down(index, LoraInput::kFeedForward, at.h2, at, own);
  });
  crew.run([&](int part, int parts) {
    const Share own = columns_of(c.ffn, part, parts);
    project(table, at.h2, rows, packed.gate, own, false, at.gate);
    project(table, at.h2, rows, packed.up, own, false, at.up);
    adapter_up(index, LoraTarget::kGate, at, own, at.gate, c.ffn);
    adapter_up(index, LoraTarget::kUp, at, own, at.up, c.ffn);
    const int row = words(table.dtype, c.ffn);
    for (int i = 0; i < rows && own.begin < own.end; ++i) {
      const std::size_t first = times(i, c.ffn) + static_cast<std::size_t>(own.begin);
      table.swiglu(at.gate + first, at.up + first, own.end - own.begin,
                   at.act + times(i, row) + words(table.dtype, own.begin));
    }
  });
  if (adapts(LoraTarget::kDown)) {
    crew.run([&](int part, int parts) {
      adapter_down(index, LoraInput::kActivation, at.act, at, share_of(rows, part, parts));
    });
  }
  crew.run([&](int part, int parts) {
    const Share own = columns_of(c.width, part, parts);
    project(table, at.act, rows, packed.down, own, true, at.x_out);
    adapter_up(index, LoraTarget::kDown, at, own, at.x_out, c.width);
  });
}

// Everything between the projections. Rows of one sequence need each other's keys, so a pass with
// several of them stores all before any attends; and neighbouring positions may share a word of the
// cache, so one part stores all rows of a sequence's kv head, in order.
void ForwardPass::mix(int index, const LayerBuffers& at) const {
  const int kv_heads = model.weights->config.kv_heads;
  const std::size_t scratch_floats = part_floats(model.weights->config, longest);
  const bool single = static_cast<std::size_t>(rows) == ranges.size();
  crew.run([&](int part, int parts) {
    float* mine = scratch + static_cast<std::size_t>(part) * scratch_floats;
    const Share own = share_of(static_cast<int>(ranges.size()) * kv_heads, part, parts);
    int unit = 0;
    int first_row = 0;
    for (const RowRange& range : ranges) {
      for (int h = 0; h < kv_heads; ++h, ++unit) {
        if (unit < own.begin || unit >= own.end) continue;
        for (int i = 0; i < range.rows; ++i) {
          rotate_and_store(index, at, range, i, first_row + i, h, mine);
          if (single) attend(index, at, range, i, first_row + i, h, mine);
        }
      }
      first_row += range.rows;
    }
  });
  if (single) return;
  crew.run([&](int part, int parts) {
    float* mine = scratch + static_cast<std::size_t>(part) * scratch_floats;
    const Share own = share_of(rows, part, parts);
    int row = 0;
    for (const RowRange& range : ranges) {
      for (int i = 0; i < range.rows; ++i, ++row) {
        if (row < own.begin || row >= own.end) continue;
        for (int h = 0; h < kv_heads; ++h) attend(index, at, range, i, row, h, mine);
      }
    }
  });
}

void ForwardPass::rotate_and_store(int index, const LayerBuffers& at, const RowRange& range, int i,
                                   int row, int kv_head, float* mine) const {
  const Kernels& table = *model.table;
  const ModelConfig& c = model.weights->config;
  const PackedLayer& packed = model.layers[static_cast<std::size_t>(index)];
  const int dim = c.head_dim;
  const int half = dim / 2;
  const int sharing = c.heads / c.kv_heads;
  const int rotated = c.heads + c.kv_heads;  // heads of q, then of k
  const int first = kv_head * sharing;
  float* qkv = at.qkv + times(row, qkv_width(c));
  float* q = qkv + first * dim;
  float* k = qkv + (c.heads + kv_head) * dim;
  float* v = qkv + (rotated + kv_head) * dim;
  if (packed.q_bias != nullptr) {
    table.add(packed.q_bias + first * dim, sharing * dim, q);
    table.add(packed.k_bias + kv_head * dim, dim, k);
    table.add(packed.v_bias + kv_head * dim, dim, v);
  }
  if (packed.q_norm != nullptr) {
    float* raw = at.qk_raw + times(row, rotated * dim);
    float* scales = at.qk_s + times(row, rotated);
    std::copy_n(q, sharing * dim, raw + first * dim);
    std::copy_n(k, dim, raw + (c.heads + kv_head) * dim);
    for (int h = 0; h < sharing; ++h) {
      scales[first + h] = table.rms_norm(q + h * dim, packed.q_norm, dim, c.norm_eps, q + h * dim);
    }
    scales[c.heads + kv_head] = table.rms_norm(k, packed.k_norm, dim, c.norm_eps, k);
  }
  const float* cos = cosines + times(row, half);
  const float* sin = sines + times(row, half);
  table.rope(q, sharing, cos, sin, half, 1.0F / std::sqrt(static_cast<float>(dim)), false);
  table.rope(k, 1, cos, sin, half, 1.0F, false);
  table.round(q, sharing * dim);
  table.round(k, dim);
  table.round(v, dim);

  const int position = range.start + i;
  const int lane = position % kPagePositions;
  float* page = range.pages[position / kPagePositions];
  const int slot = index * c.kv_heads + kv_head;
  table.pack(k, dim, mine);
  float* keys = page + model.kv.keys(slot) + lane;
  for (int d = 0; d < words(table.dtype, dim); ++d) keys[d * kPagePositions] = mine[d];
  float* value =
      page + model.kv.values(slot) + lane / elements_per_word(table.dtype) * model.kv.padded();
  table.store_value(v, dim, position, value);
}

void ForwardPass::attend(int index, const LayerBuffers& at, const RowRange& range, int i, int row,
                         int kv_head, float* mine) const {
  const Kernels& table = *model.table;
  const ModelConfig& c = model.weights->config;
  const int dim = c.head_dim;
  const int sharing = c.heads / c.kv_heads;
  const int first = kv_head * sharing;
  const int head_words = words(table.dtype, dim);
  const int slot = index * c.kv_heads + kv_head;
  const float* q = at.qkv + times(row, qkv_width(c)) + first * dim;
  AttentionRow a;
  if (table.dtype == Dtype::kFp32) {
    a.q = q;
  } else {
    table.pack(q, sharing * dim, mine);
    a.q = mine;
  }
  a.q_head = head_words;
  a.pages = range.pages;
  a.keys = model.kv.keys(slot);
  a.values = model.kv.values(slot);
  a.count = range.start + i + 1;
  a.head_dim = dim;
  a.heads = sharing;
  a.scores = mine + round_up(qkv_width(c), kLanes);
  a.scores_head = round_up(longest, kLanes);
  a.out = at.attention + times(row, words(table.dtype, c.heads * dim)) +
          static_cast<std::ptrdiff_t>(first) * head_words;
  a.out_head = head_words;
  a.stats = at.stats + times(row, c.heads) + first;
  table.attention(a);
}

void ForwardPass::head(const float* x, int n, float* h, float* s, float* logits) const {
  const ModelConfig& c = model.weights->config;
  crew.run([&](int part, int parts) {
    normalise(*model.table, x, model.final_norm, share_of(n, part, parts), c.width, c.norm_eps, h,
              s);
  });
  crew.run([&](int part, int parts) {
    project(*model.table, h, n, model.head, columns_of(c.vocab, part, parts), false, logits);
  });
}

}  // namespace troupe
