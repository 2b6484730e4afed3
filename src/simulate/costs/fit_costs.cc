#include "simulate/costs/fit_costs.h"

#include <algorithm>

namespace troupe {
namespace {

/// How strongly the two token costs are held together, relative to the data.
constexpr double kRidge = 1e-2;
constexpr double kLongest = 2;  // times the median step

struct Two {
  double first = 0, second = 0;
};

/// min |y - c1 a - c2 b|^2 + ridge (a^2 + b^2) (c1 - c2)^2 with c1, c2 >= 0.
Two fit_two(const std::vector<StepWork>& steps) {
  double aa = 0, ab = 0, bb = 0, ay = 0, by = 0;
  for (const StepWork& s : steps) {
    aa += s.decoded * s.decoded;
    ab += s.decoded * s.prefilled;
    bb += s.prefilled * s.prefilled;
    ay += s.decoded * s.generate;
    by += s.prefilled * s.generate;
  }
  const double ridge = kRidge * (aa + bb);
  const double determinant = (aa + ridge) * (bb + ridge) - (ab - ridge) * (ab - ridge);
  Two out;
  out.first = (ay * (bb + ridge) - by * (ab - ridge)) / determinant;
  out.second = (by * (aa + ridge) - ay * (ab - ridge)) / determinant;
  if (out.second < 0) out = {ay / aa, 0};
  if (out.first < 0) out.first = out.second = (ay + by) / (aa + 2 * ab + bb);
  return out;
}

/// min |y - c x|^2.
double fit_one(const std::vector<StepWork>& steps, double StepWork::*x, double StepWork::*y) {
  double xx = 0, xy = 0;
  for (const StepWork& s : steps) {
    xx += s.*x * s.*x;
    xy += s.*x * s.*y;
  }
  return xx > 0 ? xy / xx : 0;
}

}  // namespace

MeasuredCosts fit_costs(const std::vector<StepWork>& steps) {
  MeasuredCosts out;
  const Two tokens = fit_two(steps);
  out.decode_token = tokens.first;
  out.prefill_token = tokens.second;
  out.backward_token = fit_one(steps, &StepWork::trained, &StepWork::backward);
  out.optimizer = fit_one(steps, &StepWork::updates, &StepWork::optimizer);
  for (const StepWork& s : steps) out.step += s.others / static_cast<double>(steps.size());
  return out;
}

double device_seconds(const MeasuredCosts& c, const StepWork& s) {
  return c.decode_token * s.decoded + c.prefill_token * s.prefilled + c.backward_token * s.trained +
         c.optimizer * s.updates;
}

double median_seconds(const std::vector<StepWork>& steps) {
  std::vector<double> seconds;
  for (const StepWork& s : steps) seconds.push_back(s.seconds);
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

std::vector<StepWork> without_outliers(std::vector<StepWork> steps) {
  const double longest = kLongest * median_seconds(steps);
  std::erase_if(steps, [longest](const StepWork& s) { return s.seconds > longest; });
  return steps;
}

}  // namespace troupe
