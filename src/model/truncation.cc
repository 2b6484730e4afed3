#include "model/truncation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/kernels/kernels.h"

namespace troupe {
namespace {

constexpr std::size_t kBlock = 64;
constexpr float kNone = -std::numeric_limits<float>::infinity();

/// The ranking: larger scores first, of equal ones the lower id.
bool before(const Truncation::Candidate& a, const Truncation::Candidate& b) {
  return a.score > b.score || (a.score == b.score && a.token < b.token);
}

}  // namespace

/// score -> score * factor - shift, whose exponential is the weight; the largest score gives 1.
struct Truncation::Scale {
  float most;  ///< the largest score
  float factor;
  float shift;
  double total;  ///< the weight of all scores
  /// The score whose weight is `weight`.
  [[nodiscard]] float score(double weight) const {
    const double value = (std::log(weight) + static_cast<double>(shift)) / double{factor};
    return std::min(most, static_cast<float>(value));
  }
};

/// A score that no token that top-k or top-p keeps lies below.
float Truncation::bound(std::span<const float> scores, const SamplingSettings& settings,
                        const Scale& scale) {
  const std::size_t n = scores.size();
  if (settings.top_k > 0) {
    // The k largest of the blocks' maxima are k tokens, so the k-th token is no smaller.
    const auto k = static_cast<std::size_t>(settings.top_k);
    const std::size_t blocks = (n + kBlock - 1) / kBlock;
    if (k > blocks) return kNone;
    scratch_.resize(std::max(scratch_.size(), blocks));
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::size_t size = std::min(kBlock, n - b * kBlock);
      scratch_[b] = kernels().max(scores.data() + b * kBlock, static_cast<int>(size));
    }
    const auto kth = scratch_.begin() + static_cast<std::ptrdiff_t>(k) - 1;
    std::nth_element(scratch_.begin(), kth, scratch_.begin() + static_cast<std::ptrdiff_t>(blocks),
                     std::greater<>());
    return *kth;
  }
  if (settings.top_p < 1.0F) {
    // Tokens of at most (1 - p) / n each hold at most 1 - p together, so those ranked above them
    // hold p: they go. Half of that leaves room for rounding.
    const double total =
        double{kernels().sum_exp(scores.data(), static_cast<int>(n), scale.factor, scale.shift)};
    return scale.score(0.5 * (1.0 - double{settings.top_p}) / static_cast<double>(n) * total);
  }
  return kNone;
}

/// The tokens with a score of `least` or more, in id order, with their weights.
void Truncation::collect(std::span<const float> scores, float least, const Scale& scale) {
  candidates_.resize(std::max(candidates_.size(), scores.size()));
  std::size_t count = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    candidates_[count] = Candidate{scores[i], static_cast<TokenId>(i), 0.0F};
    count += scores[i] >= least ? 1 : 0;
  }
  count_ = count;
  for (std::size_t start = 0; start < count; start += kBlock) {
    float values[kBlock];
    const std::size_t size = std::min(kBlock, count - start);
    for (std::size_t i = 0; i < size; ++i) {
      values[i] = candidates_[start + i].score * scale.factor - scale.shift;
    }
    kernels().exp(values, static_cast<int>(size), values);
    for (std::size_t i = 0; i < size; ++i) candidates_[start + i].weight = values[i];
  }
}

/// The last token that top-k keeps; order_ then begins with the k tokens.
Truncation::Candidate Truncation::end_of_top_k(std::size_t k) {
  const auto kth = order_.begin() + static_cast<std::ptrdiff_t>(k) - 1;
  std::nth_element(order_.begin(), kth, order_.end(), before);
  return *kth;
}

/// Puts into order_ those candidates among which top-p ends, by a histogram of the weight over the
/// scores: the ones with scores of one bin. Returns what `mass` is without the bins before it.
double Truncation::narrow_top_p(double mass) {
  constexpr std::size_t kBins = 512;
  float most = kept().front().score;
  float least = most;
  for (const Candidate& c : kept()) {
    most = std::max(most, c.score);
    least = std::min(least, c.score);
  }
  // Rounding keeps the order, so that a larger score is never in a later bin.
  const float width = std::max((most - least) / (kBins - 1), std::numeric_limits<float>::min());
  const auto bin = [&](const Candidate& c) {
    const float place = (most - c.score) / width;
    return place < float{kBins - 1} ? static_cast<std::size_t>(place) : kBins - 1;
  };
  bins_.assign(kBins, 0.0);
  for (const Candidate& c : kept()) bins_[bin(c)] += double{c.weight};
  std::size_t last = 0;
  double above = 0.0;  // the mass before that bin
  double sum = 0.0;
  for (std::size_t i = 0; i < kBins && sum < mass; ++i) {
    if (bins_[i] == 0.0) continue;
    last = i;
    above = sum;
    sum += bins_[i];
  }
  order_.clear();
  order_.reserve(candidates_.size());
  for (const Candidate& c : kept()) {
    if (bin(c) == last) order_.push_back(c);
  }
  return mass - above;
}

/// The last of the first `count` tokens of order_ whose predecessors weigh less than `mass`.
Truncation::Candidate Truncation::end_of_top_p(double mass, std::size_t count) {
  const auto at = [this](std::size_t i) { return order_.begin() + static_cast<std::ptrdiff_t>(i); };
  // Halves what is left until it is small; `mass` loses what lies before `low`.
  std::size_t low = 0;
  std::size_t high = count;
  while (high - low > kBlock) {
    const std::size_t middle = low + (high - low) / 2;
    std::nth_element(at(low), at(middle), at(high), before);
    double first_half = 0.0;
    for (std::size_t i = low; i < middle; ++i) first_half += double{order_[i].weight};
    if (first_half < mass) {
      mass -= first_half;
      low = middle;
    } else {
      high = middle;
    }
  }
  std::sort(at(low), at(high), before);
  std::size_t end = low;
  for (double above = 0.0; end < high && above < mass; ++end) above += double{order_[end].weight};
  return order_[std::max<std::size_t>(end, 1) - 1];
}

void Truncation::choose(std::span<const float> scores, const SamplingSettings& settings) {
  Scale scale{};
  scale.most = kernels().max(scores.data(), static_cast<int>(scores.size()));
  scale.factor = 1.0F / settings.temperature;
  scale.shift = scale.most * scale.factor;
  scale.total = double{
      kernels().sum_exp(scores.data(), static_cast<int>(scores.size()), scale.factor, scale.shift)};
  const auto k = static_cast<std::size_t>(settings.top_k);
  const float likely = settings.min_p > 0.0F ? scale.score(double{settings.min_p}) : kNone;
  // Top-p compares with the mass that top-k left, so min-p may only help before if there is no
  // top-k.
  const float least = bound(scores, settings, scale);
  collect(scores, k > 0 ? least : std::max(least, likely), scale);
  if (count_ == 0) {  // the scores are no numbers: any token will do, its log-prob tells
    candidates_[count_++] = Candidate{scale.most, 0, 1.0F};
    return;
  }
  Candidate last{kNone, std::numeric_limits<TokenId>::max(), 0.0F};  // ranks after all
  const bool by_mass = settings.top_p < 1.0F;
  if (k > 0) {
    order_.reserve(candidates_.size());
    order_.assign(kept().begin(), kept().end());
    const std::size_t count = std::min(k, count_);
    last = end_of_top_k(count);
    if (by_mass) {
      double total = 0.0;
      for (const Candidate& c : kept()) total += before(last, c) ? 0.0 : double{c.weight};
      last = end_of_top_p(double{settings.top_p} * total, count);
    }
  } else if (by_mass) {
    const double mass = narrow_top_p(double{settings.top_p} * scale.total);
    last = end_of_top_p(mass, order_.size());
  }
  // Without branches: what stays is as good as random in the order of ids.
  std::size_t kept_count = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const Candidate c = candidates_[i];
    candidates_[kept_count] = c;
    const bool ranked =
        (c.score > last.score) | ((c.score == last.score) & (c.token <= last.token));
    kept_count += static_cast<std::size_t>(ranked & (c.score >= likely));
  }
  count_ = kept_count;
}

TokenId Truncation::draw(double uniform) const {
  double total = 0.0;
  for (const Candidate& c : kept()) total += double{c.weight};
  const double wanted = uniform * total;
  double below = 0.0;
  TokenId last = kept().front().token;
  for (const Candidate& c : kept()) {
    below += double{c.weight};
    if (wanted < below) return c.token;
    if (c.weight > 0.0F) last = c.token;
  }
  return last;
}

}  // namespace troupe
