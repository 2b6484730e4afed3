#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "versions/delta/state.h"

namespace troupe::bench {

/// Two versions of bf16 weights, one optimizer step apart.
///
/// fp32 masters w are drawn from N(0, 0.02^2); the base is bf16(w), the next version
/// bf16(w + lr u). u stands for AdamW's m / sqrt(v): with gradients that are independent from step
/// to step its deviation is sqrt((1 - b1) / (1 + b1)) = 0.229 at b1 = 0.9, and it is drawn from
/// N(0, 0.229^2). Weight decay (lr * 0.01 * w) is far below half a unit in the last place and is
/// left out. bf16 absorbs a step below half a unit, so few values change.
class Drift {
 public:
  /// Tensors of 4 Mi values, [1024, 4096], and one with the rest.
  Drift(std::uint64_t parameters, double lr);

  [[nodiscard]] const std::vector<StateTensor>& base() const { return base_tensors_; }
  [[nodiscard]] const std::vector<StateTensor>& next() const { return next_tensors_; }
  [[nodiscard]] std::uint64_t bytes() const { return base_.size() * 2; }

 private:
  std::vector<std::uint16_t> base_, next_;
  std::vector<StateTensor> base_tensors_, next_tensors_;
};

/// The learning rate at which this share of the values changes, by bisection on a million of them.
double rate_for_share(double share);

}  // namespace troupe::bench
