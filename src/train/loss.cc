#include "train/loss.h"

#include <algorithm>
#include <cmath>

namespace troupe {

void TokenStats::add(const TokenStats& other) {
  tokens += other.tokens;
  clipped += other.clipped;
  kl_tokens += other.kl_tokens;
  kl += other.kl;
  entropy += other.entropy;
  ratio += other.ratio;
  ratio_squared += other.ratio_squared;
  loss += other.loss;
  mismatch = std::max(mismatch, other.mismatch);
}

double token_loss(const LossSettings& settings, std::span<const float> logprobs,
                  const TokenTarget& target, std::span<float> dlogits, TokenStats& stats) {
  const double logprob = logprobs[static_cast<std::size_t>(target.token)];
  const double tau = settings.temperature;
  double loss = 0;
  double slope = 0;  // dL/dlp[token], before the weight
  double entropy_slope = 0;
  double entropy = 0;
  ++stats.tokens;

  if (settings.kind == LossSettings::Kind::kCrossEntropy) {
    loss = -logprob;
    slope = -1;
  } else {
    const double ratio = std::exp(logprob - static_cast<double>(target.behaviour));
    const double advantage = target.advantage;
    const double clipped = std::clamp(ratio, 1.0 - settings.clip_low, 1.0 + settings.clip_high);
    const double plain = ratio * advantage;
    if (clipped * advantage < plain) {
      loss = -clipped * advantage;
      ++stats.clipped;
    } else {  // also for NaN, which must not pass for a clipped token
      loss = -plain;
      slope = -plain;  // d(-r A)/dlp = -r A
    }
    if (target.reference != nullptr) {
      const double q = static_cast<double>(*target.reference) - logprob;
      const double k3 = std::expm1(q) - q;
      loss += settings.kl_coefficient * k3;
      slope += settings.kl_coefficient * -std::expm1(q);
      stats.kl += k3;
      ++stats.kl_tokens;
    }
    stats.ratio += ratio;
    stats.ratio_squared += ratio * ratio;
    if (target.current) {
      const double gap = std::abs(logprob - static_cast<double>(target.behaviour));
      stats.mismatch = std::max(stats.mismatch, gap);
    }
  }

  for (float lp : logprobs) {
    const double p = std::exp(static_cast<double>(lp));
    if (p > 0) entropy -= p * static_cast<double>(lp);
  }
  stats.entropy += entropy;
  if (settings.kind == LossSettings::Kind::kPolicyGradient) {
    loss -= settings.entropy_coefficient * entropy;
    entropy_slope = settings.entropy_coefficient;
  }

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
