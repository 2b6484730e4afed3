#pragma once

#include <memory>
#include <span>
#include <string>

#include "model/dtype.h"
#include "model/weights.h"

// All that the benchmark knows of the engine's interface: engine_under_test.cc has the models,
// kernels_under_test.cc the kernels.
namespace troupe::bench {

/// Floats in (-scale, scale) that differ; cheap to make.
void fill(std::span<float> x, float scale);
/// Name of the kernels' instruction set for a dtype.
std::string engine_kernels(Dtype dtype);
/// FLOP/s of the kernels' multiply-adds on registers alone, one thread: no product can be faster.
double register_peak(Dtype dtype);

/// One of the engine's products, one thread. `run` computes it once.
class GemmRun {
 public:
  enum class Kind {
    kForward,  ///< y [m, n] = x [m, r] Wᵀ, W packed in advance
    kInput,    ///< dx [m, n] = dy [m, r] W, W [r, n] as it is kept
    kWeight,   ///< dW [m, n] += dyᵀ x, with dy [r, m] and x [r, n]
  };
  GemmRun(Dtype dtype, Kind kind, int m, int n, int r);
  ~GemmRun();
  void run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Weights in one dtype, ready to compute with.
class EngineUnderTest {
 public:
  EngineUnderTest(std::shared_ptr<const Weights> weights, Dtype dtype);
  ~EngineUnderTest();
  struct State;
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Decode: `run` generates `new_tokens` for each of `batch` sequences after a prompt of kPrompt
/// tokens, on a crew of `threads`. Every step's logits are computed; the next tokens are given, as
/// sampling is not the engine's.
class DecodeRun {
 public:
  DecodeRun(const EngineUnderTest& engine, int threads, int batch, int new_tokens);
  ~DecodeRun();
  void run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Training: `run` is one forward and backward pass over `sequences` of `length` tokens, with the
/// cross entropy of all positions but each last. Several threads take an equal share of the
/// sequences each, and their gradients are added.
class TrainingRun {
 public:
  TrainingRun(const EngineUnderTest& engine, int threads, int sequences, int length);
  ~TrainingRun();
  void run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troupe::bench
