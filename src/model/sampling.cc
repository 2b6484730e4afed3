#include "model/sampling.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "model/kernels/kernels.h"

namespace troupe {

void log_softmax(std::span<const float> logits, float temperature, std::span<float> logprobs) {
  assert(!logits.empty() && logits.size() == logprobs.size());
  const Kernels& table = kernels();
  const int n = static_cast<int>(logits.size());
  const float factor = 1.0F / temperature;
  // Multiplication by a positive number keeps the order, so the largest product is the largest
  // logit's.
  const float most = table.max(logits.data(), n) * factor;
  const float sum = table.sum_exp(logits.data(), n, factor, most);
  const auto log_sum = static_cast<float>(std::log(static_cast<double>(sum)));
  for (std::size_t i = 0; i < logits.size(); ++i) {
    logprobs[i] = (logits[i] * factor - most) - log_sum;
  }
}

TokenId sample_token(std::span<const float> logprobs, double uniform) {
  assert(!logprobs.empty());
  constexpr std::size_t kBlock = 64;
  float probabilities[kBlock];
  double below = 0.0;
  TokenId last = 0;  // the last token with a probability above 0: rounding may leave the sum short
  for (std::size_t start = 0; start < logprobs.size(); start += kBlock) {
    const std::size_t n = std::min(kBlock, logprobs.size() - start);
    kernels().exp(logprobs.data() + start, static_cast<int>(n), probabilities);
    for (std::size_t i = 0; i < n; ++i) {
      below += static_cast<double>(probabilities[i]);
      if (uniform < below) return static_cast<TokenId>(start + i);
      if (probabilities[i] > 0.0F) last = static_cast<TokenId>(start + i);
    }
  }
  return last;
}

TokenId likeliest_token(std::span<const float> scores) {
  const float most = kernels().max(scores.data(), static_cast<int>(scores.size()));
  const auto first = std::find(scores.begin(), scores.end(), most);
  return first == scores.end() ? 0 : static_cast<TokenId>(first - scores.begin());
}

float entropy(std::span<const float> logprobs) {
  return kernels().entropy(logprobs.data(), static_cast<int>(logprobs.size()));
}

}  // namespace troupe
