#pragma once

#include <vector>

#include "model/forward.h"
#include "model/kernels/aligned.h"
#include "model/train_products.h"

namespace troupe {

/// Queries that one round of the attention's backward pass takes.
constexpr int kQueryBlock = 64;

/// How many scored rows have their logits in memory at a time: even, so that pairs stay whole.
int logit_block(const ModelConfig& c);

/// How large a pass is.
struct PassSize {
  std::size_t rows = 0;
  std::size_t scored = 0;
  int longest = 0;
  int rank = 0;  ///< of the adapter; 0: none
};

/// What a TrainPass holds.
struct TrainPass::State {
  Options options;
  Crew alone;
  AlignedFloats activations;
  AlignedFloats caches;
  AlignedFloats gradients;  ///< the backward pass's memory
  std::vector<AttentionStats> stats;
  std::vector<RowRange> ranges;
  std::vector<float*> pages;
  std::vector<TokenId> tokens;
  std::vector<int> scored;  ///< rows of the pack
  std::vector<LayerBuffers> layers;
  PassSize size;

  float* gathered = nullptr;  ///< [scored, width] rows after the last layer
  float* h = nullptr;         ///< [scored, words(width)] normalised
  float* s = nullptr;         ///< [scored]
  float* logits = nullptr;    ///< [logit_block, vocab]
  float* cosines = nullptr;   ///< [rows, head_dim / 2]
  float* sines = nullptr;     ///< [rows, head_dim / 2]
  float* scratch = nullptr;   ///< of the forward pass

  /// Places the activations; with a carver that has no base it only counts.
  void place(const ModelConfig& c, Dtype dtype, Carver& carver);
  /// Takes in the sequences: tokens, scored rows, ranges with their pages.
  void load(const Decoder& decoder, std::span<const Sequence> sequences);
  [[nodiscard]] std::size_t stats_count(const ModelConfig& c) const;
};

/// Memory of the backward pass.
struct BackwardBuffers {
  float* dx;          ///< [rows, width] gradient of the residual stream
  float* dh;          ///< [rows, width]
  float* dscored;     ///< [scored, width]
  float* dqkv;        ///< [rows, qkv width]
  float* dattention;  ///< [rows, heads * head_dim]
  float* dgate;       ///< [rows, ffn]
  float* dup;         ///< [rows, ffn]
  float* dact;        ///< [rows, ffn]
  float* dlow;        ///< [rows, rank]
  float* p;           ///< [kQueryBlock, longest]
  float* dp;          ///< [kQueryBlock, longest]
  float* values;      ///< [head_dim, longest] one head's values, transposed
  float* vector;      ///< gradient of a norm or bias
  float* vector2;
  float* rows;       ///< of TrainProducts
  float* pairs;      ///< of TrainProducts
  float* workspace;  ///< of gemm

  void place(const ModelConfig& c, Dtype dtype, const PassSize& size, Carver& carver);
};

/// The backward pass, from the head down. The order of every sum is a function of the sequences.
class Backward {
 public:
  Backward(const Decoder& decoder, TrainPass::State& kept, float* gradient);
  /// Rows first..first+count-1 of the scored ones, given d(loss)/d(logits) of them.
  void head(const float* dlogits, int first, int count);
  /// The rest. `layer` computes a layer's activations again, if they were not kept.
  void layers(const ForwardPass& forward);

 private:
  void from_scored();
  void feed_forward(int layer, const LayerBuffers& kept);
  void attention(int layer, const LayerBuffers& kept);
  void attention_head(const RowRange& range, int first_row, int slot, int head,
                      const LayerBuffers& kept);
  void rotate_back(const PackedLayer& packed, const LayerBuffers& kept);
  void norm_gradient(const float* x, const float* weight, std::size_t offset, const float* scales,
                     const float* dy, int m, bool add, float* dx);
  [[nodiscard]] TrainProducts products() const {
    return {table_, at_.rows, at_.pairs, at_.workspace};
  }
  void input_gradient(const float* dy, int n, int stride, std::size_t offset, int k, bool add,
                      float* dx) const;
  void weight_gradient(const float* dy, int n, int stride, const float* x, int k,
                       std::size_t offset) const;
  void adapter_gradient(int layer, LoraTarget target, const float* dy, int stride, const float* x,
                        const LayerBuffers& kept, float* dx) const;

  const Decoder::Packed& model_;
  const PackedLora* adapter_;  ///< if there is one, nothing else is trained
  const Kernels& table_;
  const ModelConfig& c_;
  TrainPass::State& state_;
  BackwardBuffers at_{};
  float* gradient_;
  int rows_;
};

}  // namespace troupe
