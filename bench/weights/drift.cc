#include "weights/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "base/rng.h"
#include "model/half.h"

namespace troupe::bench {
namespace {

constexpr double kDeviation = 0.02;
const double kStep = std::sqrt((1 - 0.9) / (1 + 0.9));
constexpr std::uint64_t kTensor = 1ULL << 22;

struct Pair {
  std::uint16_t base, next;
};

/// Both normals of one Box-Muller draw: the master and its step.
Pair draw(Rng& rng, double lr) {
  const auto u = static_cast<float>(1.0 - rng.uniform());
  const auto v = static_cast<float>(6.283185307179586 * rng.uniform());
  const float radius = std::sqrt(-2.0F * std::log(u));
  const float w = static_cast<float>(kDeviation) * radius * std::cos(v);
  const float step = static_cast<float>(lr * kStep) * radius * std::sin(v);
  return {float_to_bfloat(w), float_to_bfloat(w + step)};
}

std::vector<StateTensor> cut(const std::vector<std::uint16_t>& values) {
  std::vector<StateTensor> out;
  const std::string_view all(reinterpret_cast<const char*>(values.data()), values.size() * 2);
  for (std::uint64_t at = 0; at < values.size(); at += kTensor) {
    const std::uint64_t count = std::min<std::uint64_t>(kTensor, values.size() - at);
    StateTensor tensor;
    tensor.form.name = fmt::format("layers.{}.weight", out.size());
    tensor.form.dtype = Dtype::kBf16;
    tensor.form.shape = {static_cast<std::int64_t>(count)};
    if (count == kTensor) tensor.form.shape = {1024, 4096};
    tensor.bits = all.substr(at * 2, count * 2);
    out.push_back(std::move(tensor));
  }
  return out;
}

}  // namespace

Drift::Drift(std::uint64_t parameters, double lr) : base_(parameters), next_(parameters) {
  Rng rng(1);
  for (std::uint64_t i = 0; i < parameters; ++i) {
    const Pair pair = draw(rng, lr);
    base_[i] = pair.base;
    next_[i] = pair.next;
  }
  base_tensors_ = cut(base_);
  next_tensors_ = cut(next_);
}

double rate_for_share(double share) {
  const auto reached = [](double lr) {
    constexpr int kSample = 1 << 20;
    Rng rng(2);
    int changed = 0;
    for (int i = 0; i < kSample; ++i) {
      const Pair pair = draw(rng, lr);
      if (pair.base != pair.next) ++changed;
    }
    return static_cast<double>(changed) / kSample;
  };
  double low = -12;
  double high = 2;  // powers of ten
  for (int i = 0; i < 24; ++i) {
    const double middle = (low + high) / 2;
    (reached(std::pow(10, middle)) < share ? low : high) = middle;
  }
  return std::pow(10, high);
}

}  // namespace troupe::bench
