#include "router/traffic.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace troupe::bench {
namespace {

constexpr std::size_t kPrompt = 256;
constexpr std::size_t kContext = 512;
constexpr std::size_t kGroup = 16;

}  // namespace

Traffic::Traffic(std::size_t instances, std::size_t sessions) : live_(sessions) {
  for (std::size_t i = 0; i < instances; ++i) fleet_.id.push_back(static_cast<int>(i));
  fleet_.work.assign(instances, 0);
  fleet_.in_flight.assign(instances, 0);
  // Twice as much as all sessions need together.
  const auto share = static_cast<double>(sessions) / static_cast<double>(instances);
  fleet_.kv_free.assign(instances, 2 * std::ceil(share) * 2 * kContext);
  Rng draw(2);
  for (int i = 0; i < 4096; ++i) predictions_.push_back(500 * std::exp(draw.normal()));
  contexts_.resize(sessions * kContext);
  for (std::size_t s = 0; s < sessions; ++s) {
    Rng prompt(seed_join(3, s / kGroup));
    TokenId* tokens = &contexts_[s * kContext];
    for (std::size_t i = 0; i < kContext; ++i) {
      tokens[i] = static_cast<TokenId>((i < kPrompt ? prompt : draw).below(32000));
    }
  }
}

void Traffic::route(Router& router, bool again) {
  Live& live = live_[next_];
  RouteRequest request;
  request.context = std::span(contexts_).subspan(next_ * kContext, again ? kContext : kPrompt);
  request.session = again ? next_ : begun_++;
  request.predicted = predictions_[rng_.next() % predictions_.size()];
  request.need = 2 * kContext;
  if (live.predicted > 0) {
    fleet_.work[live.instance] -= live.predicted;
    --fleet_.in_flight[live.instance];
    if (again) {
      request.home = static_cast<int>(live.instance);
      request.cached = kPrompt;
    } else {
      fleet_.kv_free[live.instance] += live.kv;
      live.kv = 0;
    }
  }
  const std::size_t chosen = router.choose(fleet_, request, rng_);
  router.cached(fleet_.id[chosen], request.version, request.context);
  if (request.home >= 0) {
    ++turns_;
    if (chosen != live.instance) ++moves_;
  }
  fleet_.kv_free[live.instance] += live.kv;
  live.instance = chosen;
  live.predicted = request.predicted;
  live.kv = request.need;
  fleet_.kv_free[chosen] -= live.kv;
  fleet_.work[chosen] += live.predicted;
  ++fleet_.in_flight[chosen];
  next_ = (next_ + 1) % live_.size();
}

double Traffic::imbalance() const {
  const double sum = std::accumulate(fleet_.work.begin(), fleet_.work.end(), 0.0);
  const double most = *std::max_element(fleet_.work.begin(), fleet_.work.end());
  return most * static_cast<double>(fleet_.size()) / sum;
}

double Traffic::moved() const {
  return turns_ == 0 ? 0 : static_cast<double>(moves_) / static_cast<double>(turns_);
}

}  // namespace troupe::bench
