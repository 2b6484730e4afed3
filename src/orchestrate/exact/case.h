#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "model/decoder.h"
#include "model/kernels/kernels.h"

namespace troupe::exact {

/// A sequence of a case. A fork begins with the first `shared` tokens of an earlier sequence.
struct CaseSequence {
  std::vector<TokenId> tokens;
  int parent = -1;  ///< -1: no fork
  int shared = 0;
};

/// One random model with the sequences that it is fed: a function of the seed and the number alone,
/// given the instruction sets of the machine.
struct Case {
  std::uint64_t seed = 0;  ///< of this case; its schedules are drawn from it too
  std::int64_t number = 0;
  const Kernels* table = nullptr;
  std::shared_ptr<const Weights> weights;
  std::vector<CaseSequence> sequences;

  [[nodiscard]] const ModelConfig& config() const { return weights->config; }
  /// A stream of random numbers for one purpose.
  [[nodiscard]] Rng rng(std::string_view purpose) const { return Rng(seed_join(seed, purpose)); }
  /// "qwen2 fp32 avx512: vocabulary 17, width 30, ..."
  [[nodiscard]] std::string shape() const;
};

/// Models of all families: tied or not, shared kv heads, sizes that are odd or beyond one panel of
/// a packed matrix; the instruction sets and dtypes of the machine take turns.
Case draw_case(std::uint64_t seed, std::int64_t number);

/// The kernels of every instruction set and dtype that this machine can run.
std::vector<const Kernels*> machine_tables();

}  // namespace troupe::exact
