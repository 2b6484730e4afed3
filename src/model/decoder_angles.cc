#include "model/decoder_angles.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace troupe {
namespace {

constexpr int kSteps = 64;

using std::numbers::pi;

/// Llama 3.1: wavelengths that fit the original context more than high_freq_factor times stay,
/// those that fit less than low_freq_factor times grow by `factor`, and between them is a smooth
/// passage. Source: apply_scaling in Meta's reference code (llama-models, models/llama3), which
/// `transformers` follows.
double llama3_frequency(const RopeScaling& scaling, double frequency) {
  const double fits = scaling.original_max_positions * frequency / (2.0 * pi);
  if (fits > scaling.high_freq_factor) return frequency;
  if (fits < scaling.low_freq_factor) return frequency / scaling.factor;
  const double kept =
      (fits - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  return (1.0 - kept) * frequency / scaling.factor + kept * frequency;
}

/// YaRN (Peng et al. 2023, section 3.2, "NTK-by-parts"): between the dimension that turns beta_fast
/// times in the original context and the one that turns beta_slow times, the frequencies pass
/// linearly from the plain ones to those divided by `factor`. Rounding of the two bounds as in
/// `transformers`.
struct YarnRamp {
  explicit YarnRamp(const ModelConfig& config) {
    const RopeScaling& scaling = config.rope_scaling;
    const auto dimension = [&](double turns) {
      return config.head_dim * std::log(scaling.original_max_positions / (turns * 2.0 * pi)) /
             (2.0 * std::log(static_cast<double>(config.rope_theta)));
    };
    low = dimension(scaling.beta_fast);
    high = dimension(scaling.beta_slow);
    if (scaling.truncate) {
      low = std::floor(low);
      high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, config.head_dim - 1.0);
    if (low == high) high += 0.001;
  }
  /// How far dimension pair `i` has passed, from 0 to 1.
  [[nodiscard]] double at(int i) const { return std::clamp((i - low) / (high - low), 0.0, 1.0); }

  double low;
  double high;
};

}  // namespace

std::vector<double> rope_frequencies(const ModelConfig& config) {
  using Kind = RopeScaling::Kind;
  const RopeScaling& scaling = config.rope_scaling;
  std::vector<double> frequencies;
  for (int i = 0; i < config.head_dim / 2; ++i) {
    frequencies.push_back(
        std::pow(static_cast<double>(config.rope_theta), -2.0 * i / config.head_dim));
  }
  if (scaling.kind == Kind::kLinear) {  // positions as if they lay closer: Chen et al. 2023
    for (double& frequency : frequencies) frequency /= scaling.factor;
  }
  if (scaling.kind == Kind::kLlama3) {
    for (double& frequency : frequencies) frequency = llama3_frequency(scaling, frequency);
  }
  if (scaling.kind == Kind::kYarn) {
    const YarnRamp ramp(config);
    for (int i = 0; i < config.head_dim / 2; ++i) {
      double& frequency = frequencies[static_cast<std::size_t>(i)];
      frequency *= 1.0 - ramp.at(i) + ramp.at(i) / scaling.factor;
    }
  }
  return frequencies;
}

Angles::Angles(const ModelConfig& config) : half_(config.head_dim / 2) {
  const std::vector<double> frequencies = rope_frequencies(config);
  const bool yarn = config.rope_scaling.kind == RopeScaling::Kind::kYarn;
  const double length = yarn ? config.rope_scaling.attention_factor : 1.0;
  const auto add = [&](int position, double factor, std::vector<Point>& points) {
    for (const double frequency : frequencies) {
      const double angle = position * frequency;
      points.push_back({factor * std::cos(angle), factor * std::sin(angle)});
    }
  };
  for (int position = 0; position < config.max_positions; position += kSteps) {
    add(position, length, coarse_);
  }
  for (int step = 0; step < kSteps; ++step) add(step, 1.0, fine_);
}

std::size_t Angles::bytes(const ModelConfig& config) {
  const int points = (config.max_positions + kSteps - 1) / kSteps + kSteps;
  return static_cast<std::size_t>(points) * static_cast<std::size_t>(config.head_dim / 2) *
         sizeof(Point);
}

void Angles::at(int position, float* cosines, float* sines) const {
  assert(position >= 0);
  const auto half = static_cast<std::size_t>(half_);
  const Point* a = coarse_.data() + static_cast<std::size_t>(position / kSteps) * half;
  const Point* b = fine_.data() + static_cast<std::size_t>(position % kSteps) * half;
  for (std::size_t i = 0; i < half; ++i) {
    cosines[i] = static_cast<float>(a[i].cosine * b[i].cosine - a[i].sine * b[i].sine);
    sines[i] = static_cast<float>(a[i].sine * b[i].cosine + a[i].cosine * b[i].sine);
  }
}

}  // namespace troupe
