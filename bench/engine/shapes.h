#pragma once

#include <string>
#include <vector>

#include "model/config.h"

namespace troupe::bench {

/// A model of the Llama architecture and how much of it is measured.
struct Shape {
  std::string name;
  ModelConfig config;
  int new_tokens;  ///< after a prompt of kPrompt tokens
  int sequences;   ///< of kTrainLength tokens in one training pass
};

constexpr int kPrompt = 16;
constexpr int kTrainLength = 128;

/// 1M, 10M and 100M, with untied heads. The largest one is measured on fewer tokens, so that a run
/// of everything stays short.
const std::vector<Shape>& shapes();

/// What some work costs at least.
struct Cost {
  double flops = 0;
  double bytes = 0;  ///< that must come from memory or cache; 0: not counted
};

/// FLOP formulas, the same for all dtypes (a multiply-add is two):
///   product [m, r] x [r, n]: 2 m n r
///   forward of one token after `context` tokens, itself included:
///     layers * (2 width (2 q + 2 kv + 3 ffn) + 4 context q) + 2 width vocab
///     with q = heads * head_dim and kv = kv_heads * head_dim; the second term is attention's
///     scores and weighted values, the last one the head, where logits are wanted
///   training pass (forward and backward): 3 times the forward; what the backward pass computes
///     again is not counted, nor are norms, softmax and loss
/// Bytes of a decode step: all matrices but the embedding once, and the keys and values of all
/// positions of all sequences, in the dtype's size.
double product_flops(double m, double n, double r);
double forward_flops(const ModelConfig& c, double context);
double head_flops(const ModelConfig& c);

/// One of `new_tokens` steps of `batch` sequences, on average over the steps.
Cost decode_step_cost(const ModelConfig& c, int element_bytes, int batch, int new_tokens);
/// Making a decoder of fp32 weights: all matrices but the embedding are read, and
/// written in the dtype.
Cost packing_cost(const ModelConfig& c, int element_bytes);
/// A training pass over `sequences` of `length` tokens, logits of all positions but each last.
Cost training_cost(const ModelConfig& c, int sequences, int length);

/// The formulas as --json prints them.
struct Formula {
  const char* name;
  const char* text;
};
const std::vector<Formula>& formulas();

}  // namespace troupe::bench
