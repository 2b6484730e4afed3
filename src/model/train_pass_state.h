#pragma once

#include <vector>

#include "model/forward.h"

namespace troupe {

/// Queries that one round of the attention's backward pass takes.
constexpr int kQueryBlock = 64;

/// What a TrainPass keeps from forward to backward.
struct TrainPass::State {
  AlignedFloats activations;
  AlignedFloats caches;
  AlignedFloats gradients;  ///< the backward pass's memory
  std::vector<AttentionStats> stats;
  std::vector<RowRange> ranges;
  std::vector<TokenId> tokens;
  std::vector<int> scored;  ///< rows of the pack
  std::vector<LayerBuffers> layers;
  int longest = 0;

  float* x_final = nullptr;   ///< [rows, width] after the last layer
  float* gathered = nullptr;  ///< [scored, width] rows of x_final
  float* h = nullptr;         ///< [scored, width] normalised
  float* s = nullptr;         ///< [scored]
  float* logits = nullptr;    ///< [scored, vocab]
  float* cosines = nullptr;   ///< [rows, head_dim / 2]
  float* sines = nullptr;     ///< [rows, head_dim / 2]
  float* scores = nullptr;    ///< one row of attention

  /// Places the activations; with a carver that has no base it only counts.
  void place(const ModelConfig& c, std::size_t rows, std::size_t scored_rows, Carver& carver);
};

/// Memory of the backward pass.
struct BackwardBuffers {
  float* dx;          ///< [rows, width] gradient of the residual stream
  float* dh;          ///< [rows, width]
  float* dscored;     ///< [scored, width]
  float* dqkv;        ///< [rows, qkv width]
  float* dattention;  ///< [rows, heads * head_dim]
  float* dgate_up;    ///< [rows, 2 ffn]
  float* dact;        ///< [rows, ffn]
  float* p;           ///< [kQueryBlock, longest]
  float* dp;          ///< [kQueryBlock, longest]
  float* values;      ///< [head_dim, longest] one head's values, transposed
  float* vector;      ///< gradient of a norm or bias
  float* vector2;
  float* workspace;  ///< of gemm

  void place(const ModelConfig& c, std::size_t rows, std::size_t scored_rows, int longest,
             Carver& carver);
};

}  // namespace troupe
