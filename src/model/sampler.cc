#include "model/sampler.h"

namespace troupe {

Sampler::Pick Sampler::pick(std::span<const float> logits, const SamplingSettings& settings,
                            double uniform) {
  logprobs_.resize(logits.size());
  log_softmax(logits, settings.recorded_temperature(), logprobs_);
  std::span<const float> scores = logits;
  if (!settings.logit_bias.empty()) {
    biased_.assign(logits.begin(), logits.end());
    for (const LogitBias& entry : settings.logit_bias) {
      biased_[static_cast<std::size_t>(entry.token)] += entry.bias;
    }
    scores = biased_;
  }
  Pick out;
  if (settings.greedy()) {
    out.token = likeliest_token(scores);
  } else if (settings.faithful()) {
    out.token = sample_token(logprobs_, uniform);
  } else {
    truncation_.choose(scores, settings);
    out.token = truncation_.draw(uniform);
  }
  out.logprob = logprobs_[static_cast<std::size_t>(out.token)];
  out.entropy = entropy(logprobs_);
  return out;
}

}  // namespace troupe
