#include "rollout/predict/length_predictor.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "rollout/predict/log_normal.h"

namespace troupe {

LengthPredictor::Names LengthPredictor::names(const LengthKey& key) {
  Names out;
  out.agent = seed_join(0, key.agent);
  out.turn = seed_join(out.agent, static_cast<std::uint64_t>(key.turn));
  out.task = seed_join(out.turn, key.task);
  return out;
}

void LengthPredictor::add(Place& place, double x) const {
  ++place.count;
  const double share = std::max(1 / static_cast<double>(place.count), 1 / setting_.memory);
  const double apart = x - place.mean;
  place.mean += share * apart;
  place.variance = (1 - share) * (place.variance + share * apart * apart);
}

void LengthPredictor::observe(const LengthKey& key, double tokens) {
  const double x = std::log(std::max(1.0, tokens));
  const Names name = names(key);
  add(agents_[name.agent], x);
  add(turns_[name.turn], x);
  const auto [task, fresh] = tasks_.try_emplace(name.task);
  add(task->second, x);
  if (!fresh) return;
  task_order_.push_back(name.task);
  while (task_order_.size() > setting_.tasks) {
    tasks_.erase(task_order_.front());
    task_order_.pop_front();
  }
}

void LengthPredictor::refine(const Places& places, std::uint64_t name, Place& estimate) const {
  const auto found = places.find(name);
  if (found == places.end()) return;
  const Place& own = found->second;
  const auto count = static_cast<double>(own.count);
  const double share = count / (count + setting_.prior);
  const double apart = own.mean - estimate.mean;
  estimate.variance =
      share * own.variance + (1 - share) * estimate.variance + share * (1 - share) * apart * apart;
  estimate.mean += share * apart;
  estimate.count += own.count;
}

LengthPrediction LengthPredictor::predict(const LengthKey& key, double generated) const {
  Place estimate;
  estimate.variance = 1;
  estimate.mean = std::log(setting_.fallback) - estimate.variance / 2;
  const Names name = names(key);
  refine(agents_, name.agent, estimate);
  refine(turns_, name.turn, estimate);
  refine(tasks_, name.task, estimate);
  constexpr double kLeast = 0.05;  // of the logarithm: no length is known better than to 5 %
  const double deviation = std::max(kLeast, std::sqrt(estimate.variance));
  const Excess left = log_normal_excess(estimate.mean, deviation, generated);
  LengthPrediction out;
  out.mean = std::clamp(left.mean, 1.0, std::max(1.0, setting_.most - std::max(0.0, generated)));
  out.deviation = left.deviation;
  out.log_mean = estimate.mean;
  out.fallback = estimate.count == 0;
  return out;
}

void LengthPredictor::score(const LengthPrediction& made, double tokens) {
  const double needed = std::max(1.0, tokens);
  ++scored_;
  if (made.fallback) ++fallbacks_;
  log_error_sum_ += std::abs(std::log(needed) - made.log_mean);
  predicted_sum_ += made.mean;
  needed_sum_ += needed;
}

LengthErrors LengthPredictor::errors() const {
  LengthErrors out;
  out.count = scored_;
  if (scored_ == 0) return out;
  const auto count = static_cast<double>(scored_);
  out.log_error = log_error_sum_ / count;
  out.bias = predicted_sum_ / needed_sum_;
  out.fallback_share = static_cast<double>(fallbacks_) / count;
  return out;
}

}  // namespace troupe
