#include "model/decoder_angles.h"

#include <cassert>
#include <cmath>

namespace troupe {
namespace {

constexpr int kSteps = 64;

}  // namespace

Angles::Angles(const ModelConfig& config) : half_(config.head_dim / 2) {
  std::vector<double> frequencies;
  for (int i = 0; i < half_; ++i) {
    frequencies.push_back(
        std::pow(static_cast<double>(config.rope_theta), -2.0 * i / config.head_dim));
  }
  const auto add = [&](int position, std::vector<Point>& points) {
    for (const double frequency : frequencies) {
      points.push_back({std::cos(position * frequency), std::sin(position * frequency)});
    }
  };
  for (int position = 0; position < config.max_positions; position += kSteps) {
    add(position, coarse_);
  }
  for (int step = 0; step < kSteps; ++step) add(step, fine_);
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
