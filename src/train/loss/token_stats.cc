#include "train/loss/token_stats.h"

#include <algorithm>

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

}  // namespace troupe
