#include "train/gradient_sum.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace troupe {
namespace {

constexpr double kUnitsPerOne = 0x1.0p42;
constexpr float kLimit = 1024.0F;

}  // namespace

void GradientSum::add(std::span<const float> gradient) {
  bool fits = true;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const float g = gradient[i];
    const bool ok = std::abs(g) < kLimit;  // false for NaN
    fits = fits && ok;
    const double units = ok ? static_cast<double>(g) * kUnitsPerOne : 0.0;
    units_[i] += std::llrint(units);
  }
  finite_ = finite_ && fits;
}

void GradientSum::merge(const GradientSum& other) {
  for (std::size_t i = 0; i < units_.size(); ++i) units_[i] += other.units_[i];
  finite_ = finite_ && other.finite_;
}

void GradientSum::clear() {
  std::fill(units_.begin(), units_.end(), 0);
  finite_ = true;
}

void GradientSum::store(std::span<char> out) const {
  const std::int64_t finite = finite_ ? 1 : 0;
  std::memcpy(out.data(), &finite, sizeof finite);
  if (units_.empty()) return;
  std::memcpy(out.data() + sizeof finite, units_.data(), units_.size() * sizeof(std::int64_t));
}

void GradientSum::load(std::span<const char> in) {
  std::int64_t finite = 0;
  std::memcpy(&finite, in.data(), sizeof finite);
  finite_ = finite != 0;
  if (units_.empty()) return;
  std::memcpy(units_.data(), in.data() + sizeof finite, units_.size() * sizeof(std::int64_t));
}

void GradientSum::read(double scale, std::span<float> out) const {
  const double factor = scale / kUnitsPerOne;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    out[i] = static_cast<float>(static_cast<double>(units_[i]) * factor);
  }
}

void GradientSum::read(std::span<const Scaled> terms, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    double value = 0;
    for (const Scaled& term : terms) {
      value += static_cast<double>(term.sum->units_[i]) * (term.scale / kUnitsPerOne);
    }
    out[i] = static_cast<float>(value);
  }
}

}  // namespace troupe
