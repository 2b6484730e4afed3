#pragma once

// Attention of queries over cached keys and values, a page of 16 positions at a time. Written once
// against the lanes of one instruction set (kernels.h has the contracts). Heads that share a kv
// head are taken together, so that its keys and values are loaded once; that changes no chain.

namespace troupe {
namespace {

// Scores of kHeads heads with kBlocks pages: one chain over the words of head_dim for each
// position.
template <class D, int kHeads, int kBlocks>
inline void score_blocks(const AttentionRow& a, const float* q, int page, float* scores) {
  F16 sum[kHeads][kBlocks];
  const float* keys[kBlocks];
  TROUPE_UNROLL
  for (int b = 0; b < kBlocks; ++b) {
    keys[b] = a.pages[page + b] + a.keys;
    TROUPE_UNROLL
    for (int h = 0; h < kHeads; ++h) sum[h][b] = zero();
  }
  const int dim = (a.head_dim + D::kPerWord - 1) / D::kPerWord;
  for (int d = 0; d < dim; ++d) {
    F16 key[kBlocks];
    TROUPE_UNROLL
    for (int b = 0; b < kBlocks; ++b) key[b] = load(keys[b] + d * kLanes);
    TROUPE_UNROLL
    for (int h = 0; h < kHeads; ++h) {
      const F16 factor = broadcast(q[h * a.q_head + d]);
      TROUPE_UNROLL
      for (int b = 0; b < kBlocks; ++b) sum[h][b] = D::mac(factor, key[b], sum[h][b]);
    }
  }
  TROUPE_UNROLL
  for (int h = 0; h < kHeads; ++h) {
    TROUPE_UNROLL
    for (int b = 0; b < kBlocks; ++b) {
      store(scores + h * a.scores_head + (page + b) * kLanes, sum[h][b]);
    }
  }
}

template <class D, int kHeads>
inline void attention_scores(const AttentionRow& a, const float* q, float* scores) {
  const int blocks = round_up(a.count, kLanes) / kLanes;
  int page = 0;
  for (; page + 4 <= blocks; page += 4) score_blocks<D, kHeads, 4>(a, q, page, scores);
  if (page + 2 <= blocks) {
    score_blocks<D, kHeads, 2>(a, q, page, scores);
    page += 2;
  }
  if (page < blocks) score_blocks<D, kHeads, 1>(a, q, page, scores);
}

// sum over rows t of weights[t] * values[t], for kHeads heads and kColumns vectors of columns: four
// chains, chain i taking the rows i, i + 4, ... in order, added as (0 + 1) + (2 + 3).
template <class D, int kHeads, int kColumns>
inline void weighted_values(const AttentionRow& a, const float* weights, int column,
                            const F16* factors, float* out) {
  constexpr int kChains = 4;
  constexpr int kRows = kPagePositions / D::kPerWord;
  F16 sum[kHeads][kColumns][kChains];
  TROUPE_UNROLL
  for (int h = 0; h < kHeads; ++h) {
    TROUPE_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      TROUPE_UNROLL
      for (int i = 0; i < kChains; ++i) sum[h][c][i] = zero();
    }
  }
  const std::ptrdiff_t stride = round_up(a.head_dim, kLanes);
  const auto add_row = [&](const float* value, int t, int chain) {
    F16 v[kColumns];
    TROUPE_UNROLL
    for (int c = 0; c < kColumns; ++c) v[c] = load(value + c * kLanes);
    TROUPE_UNROLL
    for (int h = 0; h < kHeads; ++h) {
      const F16 factor = broadcast(weights[h * a.scores_head + t]);
      TROUPE_UNROLL
      for (int c = 0; c < kColumns; ++c) sum[h][c][chain] = D::mac(factor, v[c], sum[h][c][chain]);
    }
  };
  const int rows = (a.count + D::kPerWord - 1) / D::kPerWord;
  for (int first = 0, page = 0; first < rows; first += kRows, ++page) {
    const float* value = a.pages[page] + a.values + column;
    const int end = rows - first < kRows ? rows : first + kRows;
    int t = first;
    for (; t + kChains <= end; t += kChains, value += kChains * stride) {
      TROUPE_UNROLL
      for (int i = 0; i < kChains; ++i) add_row(value + i * stride, t + i, i);
    }
    TROUPE_UNROLL
    for (int i = 0; i < kChains - 1; ++i) {
      if (t + i < end) add_row(value + i * stride, t + i, i);
    }
  }
  TROUPE_UNROLL
  for (int h = 0; h < kHeads; ++h) {
    TROUPE_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      const int j = column + c * kLanes;
      const F16 total = add(add(sum[h][c][0], sum[h][c][1]), add(sum[h][c][2], sum[h][c][3]));
      const int lanes = a.head_dim - j < kLanes ? a.head_dim - j : kLanes;
      D::put_words(out + h * a.out_head, j, mul(total, factors[h]), lanes);
    }
  }
}

template <class D, int kHeads>
inline void attend_heads(const AttentionRow& a, int head) {
  const float* q = a.q + head * a.q_head;
  float* scores = a.scores + head * a.scores_head;
  attention_scores<D, kHeads>(a, q, scores);
  F16 inverse[kHeads];
  for (int h = 0; h < kHeads; ++h) {
    float* row = scores + h * a.scores_head;
    AttentionStats stats;
    stats.max = max_row(row, a.count);
    const F16 most = broadcast(stats.max);
    F16 sum = zero();
    TROUPE_FOR_LANES(t, lanes, a.count) {
      const F16 e = keep_first(exp_lanes(sub(load(row + t), most)), lanes, zero());
      D::put_words(row, t, e, kLanes);  // in place: what is written has been read
      sum = add(sum, e);
    }
    stats.inverse = 1.0F / sum_lanes(sum);
    inverse[h] = broadcast(stats.inverse);
    a.stats[head + h] = stats;
  }
  float* out = a.out + head * a.out_head;
  constexpr int kColumns = kAttentionTile / kHeads > 0 ? kAttentionTile / kHeads : 1;
  const int columns = round_up(a.head_dim, kLanes) / kLanes;
  int c = 0;
  for (; c + kColumns <= columns; c += kColumns) {
    weighted_values<D, kHeads, kColumns>(a, scores, c * kLanes, inverse, out);
  }
  for (; c < columns; ++c) weighted_values<D, kHeads, 1>(a, scores, c * kLanes, inverse, out);
}

template <class D>
void attention(const AttentionRow& a) {
  int head = 0;
  if constexpr (kAttentionTile >= 4) {
    for (; head + 4 <= a.heads; head += 4) attend_heads<D, 4>(a, head);
  }
  if constexpr (kAttentionTile >= 2) {
    for (; head + 2 <= a.heads; head += 2) attend_heads<D, 2>(a, head);
  }
  for (; head < a.heads; ++head) attend_heads<D, 1>(a, head);
}

template <class D>
void attention_probabilities(const AttentionRow& a, AttentionStats stats, int width, float* out) {
  attention_scores<D, 1>(a, a.q, out);
  const F16 most = broadcast(stats.max);
  const F16 inverse = broadcast(stats.inverse);
  TROUPE_FOR_LANES(t, lanes, a.count) {
    const F16 p = mul(exp_lanes(sub(load(out + t), most)), inverse);
    store(out + t, keep_first(p, lanes, zero()));
  }
  for (int t = round_up(a.count, kLanes); t < width; t += kLanes) store(out + t, zero());
}

void softmax_backward(const float* p, float* dp, int n) {
  F16 sum = zero();
  TROUPE_FOR_LANES(j, lanes, n) { sum = fma(take(p + j, lanes), take(dp + j, lanes), sum); }
  const F16 mean = broadcast(sum_lanes(sum));
  TROUPE_FOR_LANES(j, lanes, n) {
    put(dp + j, mul(take(p + j, lanes), sub(take(dp + j, lanes), mean)), lanes);
  }
}

}  // namespace
}  // namespace troupe
