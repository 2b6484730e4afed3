#include "train/adamw.h"

#include <bit>
#include <cmath>

namespace troupe {

bool AdamW::step(Weights& weights, std::span<const float> gradient, double learning_rate) {
  const auto t = static_cast<double>(steps + 1);
  const auto b1 = static_cast<float>(beta1);
  const auto b2 = static_cast<float>(beta2);
  const auto correct1 = static_cast<float>(1.0 / (1.0 - std::pow(beta1, t)));
  const auto correct2 = static_cast<float>(1.0 / (1.0 - std::pow(beta2, t)));
  const auto lr = static_cast<float>(learning_rate);
  const auto eps = static_cast<float>(epsilon);
  float* const first = moments.first().data();
  float* const second = moments.second().data();
  constexpr std::uint32_t kExponent = 0x7f800000;  // all set: infinite or NaN
  std::uint32_t bad = 0;
  for (const TensorSpec& spec : weights.layout.tensors()) {
    const float shrink = spec.is_matrix() ? static_cast<float>(learning_rate * decay) : 0.0F;
    float* __restrict w = weights.values.data() + spec.offset;
    const float* __restrict g = gradient.data() + spec.offset;
    const float* __restrict m = first + spec.offset;
    const float* __restrict v = second + spec.offset;
    for (std::size_t i = 0; i < spec.size; ++i) {
      const float next_m = b1 * m[i] + (1.0F - b1) * g[i];
      const float next_v = b2 * v[i] + (1.0F - b2) * g[i] * g[i];
      const float update = next_m * correct1 / (std::sqrt(next_v * correct2) + eps);
      w[i] -= lr * update + shrink * w[i];
      bad |=
          static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(w[i]) & kExponent) == kExponent);
    }
  }
  if (bad != 0) return false;
  // The moments move only now: a second round over them costs less than a copy to go back to.
  for (const TensorSpec& spec : weights.layout.tensors()) {
    const float* __restrict g = gradient.data() + spec.offset;
    float* __restrict m = first + spec.offset;
    float* __restrict v = second + spec.offset;
    for (std::size_t i = 0; i < spec.size; ++i) {
      m[i] = b1 * m[i] + (1.0F - b1) * g[i];
      v[i] = b2 * v[i] + (1.0F - b2) * g[i] * g[i];
    }
  }
  ++steps;
  return true;
}

double l2_norm(std::span<const float> values) {
  double sum = 0;
  for (float v : values) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}

}  // namespace troupe
