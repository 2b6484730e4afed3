#pragma once

// Attention of one query over cached keys and values. Written once against the lanes of one
// instruction set (kernels.h has the contracts). The bits of a row depend on the keys and values at
// the positions 0..count-1 only: what lies after them in the last block of keys is masked.

namespace troupe {
namespace {

// Scores of kBlocks blocks of 16 positions: one chain over head_dim for each position.
template <int kBlocks>
inline void score_blocks(const float* q, const float* keys, int head_dim, float* scores) {
  F16 sum[kBlocks];
  for (int b = 0; b < kBlocks; ++b) sum[b] = zero();
  const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(head_dim) * kLanes;
  for (int d = 0; d < head_dim; ++d) {
    const F16 factor = broadcast(q[d]);
    for (int b = 0; b < kBlocks; ++b) {
      sum[b] = fma(factor, load(keys + b * block + d * kLanes), sum[b]);
    }
  }
  for (int b = 0; b < kBlocks; ++b) store(scores + b * kLanes, sum[b]);
}

inline void attention_scores(const float* q, const float* keys, int count, int head_dim,
                             float* scores) {
  const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(head_dim) * kLanes;
  int blocks = round_up(count, kLanes) / kLanes;
  for (; blocks >= 4; blocks -= 4) {
    score_blocks<4>(q, keys, head_dim, scores);
    keys += 4 * block;
    scores += 4 * kLanes;
  }
  // The rest together, too: independent chains hide each other's latency.
  if (blocks == 3) score_blocks<3>(q, keys, head_dim, scores);
  if (blocks == 2) score_blocks<2>(q, keys, head_dim, scores);
  if (blocks == 1) score_blocks<1>(q, keys, head_dim, scores);
}

// sum of weights[t] * values[t] for one vector of columns: four chains, chain i taking the
// positions i, i + 4, ... in order, added as (0 + 1) + (2 + 3).
inline F16 weighted_values(const float* weights, const float* values, std::ptrdiff_t stride,
                           int count) {
  F16 s0 = zero();
  F16 s1 = zero();
  F16 s2 = zero();
  F16 s3 = zero();
  int t = 0;
  for (; t + 4 <= count; t += 4) {
    s0 = fma(broadcast(weights[t]), load(values), s0);
    s1 = fma(broadcast(weights[t + 1]), load(values + stride), s1);
    s2 = fma(broadcast(weights[t + 2]), load(values + 2 * stride), s2);
    s3 = fma(broadcast(weights[t + 3]), load(values + 3 * stride), s3);
    values += 4 * stride;
  }
  if (t < count) s0 = fma(broadcast(weights[t]), load(values), s0);
  if (t + 1 < count) s1 = fma(broadcast(weights[t + 1]), load(values + stride), s1);
  if (t + 2 < count) s2 = fma(broadcast(weights[t + 2]), load(values + 2 * stride), s2);
  return add(add(s0, s1), add(s2, s3));
}

AttentionStats attention(const float* q, const float* keys, const float* values, int count,
                         int head_dim, float* scores, float* out) {
  attention_scores(q, keys, count, head_dim, scores);
  AttentionStats stats;
  stats.max = max_row(scores, count);
  const F16 most = broadcast(stats.max);
  F16 sum = zero();
  TROUPE_FOR_LANES(t, lanes, count) {
    const F16 e = keep_first(exp_lanes(sub(load(scores + t), most)), lanes, zero());
    store(scores + t, e);
    sum = add(sum, e);
  }
  stats.inverse = 1.0F / sum_lanes(sum);
  const F16 inverse = broadcast(stats.inverse);
  const std::ptrdiff_t stride = round_up(head_dim, kLanes);
  TROUPE_FOR_LANES(d, lanes, head_dim) {
    put(out + d, mul(weighted_values(scores, values + d, stride, count), inverse), lanes);
  }
  return stats;
}

void attention_probabilities(const float* q, const float* keys, int count, int head_dim,
                             AttentionStats stats, int width, float* out) {
  attention_scores(q, keys, count, head_dim, out);
  const F16 most = broadcast(stats.max);
  const F16 inverse = broadcast(stats.inverse);
  TROUPE_FOR_LANES(t, lanes, count) {
    const F16 p = mul(exp_lanes(sub(load(out + t), most)), inverse);
    store(out + t, keep_first(p, lanes, zero()));
  }
  for (int t = round_up(count, kLanes); t < width; t += kLanes) store(out + t, zero());
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
