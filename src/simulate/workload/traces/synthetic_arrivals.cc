#include "simulate/workload/traces/synthetic_arrivals.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "simulate/workload/draws.h"

namespace troupe {
namespace {

constexpr double kMostRequests = 1e7;

double exponential(Rng& rng, double mean) { return -mean * std::log(1.0 - rng.uniform()); }

/// Whether a burst is on, at times that only grow.
class Bursts {
 public:
  Bursts(const SyntheticArrivals& about, Rng rng) : about_(about), rng_(rng) {
    if (about_.burst_every <= 0) return;
    // As likely in a burst at the begin as at any time.
    on_ = rng_.uniform() * (about_.burst_every + about_.burst_seconds) < about_.burst_seconds;
    until_ = exponential(rng_, on_ ? about_.burst_seconds : about_.burst_every);
  }
  bool on(double seconds) {
    if (about_.burst_every <= 0) return false;
    while (until_ <= seconds) {
      on_ = !on_;
      until_ += exponential(rng_, on_ ? about_.burst_seconds : about_.burst_every);
    }
    return on_;
  }

 private:
  const SyntheticArrivals& about_;
  Rng rng_;
  bool on_ = false;
  double until_ = 0;
};

Status check(const SyntheticArrivals& s) {
  const bool valid = s.seconds > 0 && s.rate > 0 && s.swing >= 0 && s.swing <= 1 && s.day > 0 &&
                     s.burst_factor >= 1 && s.burst_seconds > 0 && s.burst_every >= 0 &&
                     s.prompt_median >= 1 && s.answer_median >= 1 && s.prompt_cap >= 1 &&
                     s.answer_cap >= 1 && s.seconds * s.rate <= kMostRequests;
  if (valid) return {};
  return fail(
      ErrorCode::kInvalid,
      "synthetic arrivals: a time, rate or length is not positive, the swing is not between "
      "0 and 1, bursts are slower than the rest, or more than ten million are asked for");
}

}  // namespace

Result<std::vector<Arrival>> draw_arrivals(const SyntheticArrivals& s) {
  TROUPE_TRY(check(s));
  const bool bursts = s.burst_every > 0;
  const double share = bursts ? s.burst_seconds / (s.burst_every + s.burst_seconds) : 0;
  const double factor = bursts ? s.burst_factor : 1;
  const double quiet = s.rate / (1 + share * (factor - 1));  // so that the mean is the rate
  const double most = quiet * factor * (1 + s.swing);
  Bursts state(s, Rng(seed_join(s.seed, "bursts")));
  Rng times(seed_join(s.seed, "times"));
  Rng lengths(seed_join(s.seed, "lengths"));
  const auto length = [&lengths](double median, double sigma, std::int64_t cap) {
    const double drawn = log_normal(lengths, median, sigma);
    return static_cast<std::int64_t>(std::clamp(drawn, 1.0, static_cast<double>(cap)));
  };
  std::vector<Arrival> out;
  for (double at = exponential(times, 1 / most); at < s.seconds;
       at += exponential(times, 1 / most)) {
    const double now = quiet * (state.on(at) ? factor : 1) *
                       (1 + s.swing * std::sin(2 * std::numbers::pi * at / s.day));
    if (times.uniform() * most >= now) continue;
    Arrival next;
    next.seconds = at;
    next.prompt = length(s.prompt_median, s.prompt_sigma, s.prompt_cap);
    next.answer = length(s.answer_median, s.answer_sigma, s.answer_cap);
    out.push_back(next);
  }
  return out;
}

}  // namespace troupe
