#include "train/loss/token_gradient.h"

#include <algorithm>
#include <cmath>

namespace troupe {
namespace {

LossTerm policy_term(const LossSettings& settings, const TokenTarget& target, double logprob) {
  if (settings.policy == nullptr) return {};
  if (target.term != nullptr) return *target.term;
  const LossToken token = loss_token(target, logprob);
  LossTerm term;
  settings.policy->terms({&token, 1}, {&term, 1});
  return term;
}

/// What there is to know of a sampled token besides its loss.
void measure(const TokenTarget& target, double logprob, TokenStats& stats) {
  const double behaviour = target.behaviour;
  const double ratio = std::exp(logprob - behaviour);
  stats.ratio += ratio;
  stats.ratio_squared += ratio * ratio;
  if (target.current) stats.mismatch = std::max(stats.mismatch, std::abs(logprob - behaviour));
}

}  // namespace

LossToken loss_token(const TokenTarget& target, double logprob) {
  LossToken token;
  token.logprob = logprob;
  token.behaviour = target.behaviour;
  token.proximal = logprob;
  token.advantage = target.advantage;
  token.turn = target.turn;
  return token;
}

double token_gradient(const LossSettings& settings, std::span<const float> logprobs,
                      const TokenTarget& target, std::span<float> dlogits, TokenStats& stats) {
  const double logprob = logprobs[static_cast<std::size_t>(target.token)];
  const double tau = settings.temperature;
  const bool sampled = settings.policy == nullptr || settings.policy->sampled();
  const LossTerm term = policy_term(settings, target, logprob);
  double loss = term.loss;
  double slope = term.slope;  // dL/dlp[token], before the weight
  ++stats.tokens;
  stats.clipped += term.clipped ? 1 : 0;
  if (sampled) measure(target, logprob, stats);
  if (sampled && target.reference != nullptr) {
    const double q = static_cast<double>(*target.reference) - logprob;
    const double k3 = std::expm1(q) - q;
    loss += settings.kl_coefficient * k3;
    slope += settings.kl_coefficient * -std::expm1(q);
    stats.kl += k3;
    ++stats.kl_tokens;
  }

  double entropy = 0;
  for (float lp : logprobs) {
    const double p = std::exp(static_cast<double>(lp));
    if (p > 0) entropy -= p * static_cast<double>(lp);
  }
  stats.entropy += entropy;
  const double entropy_slope = sampled ? settings.entropy_coefficient : 0.0;
  loss -= entropy_slope * entropy;

  // dlp[token]/dlogit_v = (1[v = token] - p_v) / tau;  dH/dlogit_v = -p_v (lp_v + H) / tau.
  const double scale = target.weight / tau;
  for (std::size_t v = 0; v < logprobs.size(); ++v) {
    const double lp = logprobs[v];
    const double p = std::exp(lp);
    double d = -slope * p;
    if (p > 0) d += entropy_slope * p * (lp + entropy);
    dlogits[v] = static_cast<float>(scale * d);
  }
  dlogits[static_cast<std::size_t>(target.token)] += static_cast<float>(scale * slope);
  stats.loss += target.weight * loss;
  return target.weight * loss;
}

}  // namespace troupe
