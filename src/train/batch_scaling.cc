#include "train/batch_scaling.h"

#include <fmt/format.h>

#include <cmath>

namespace troupe {
namespace {

template <class Visit>
void each(const std::map<GroupKey, std::vector<BatchValue>>& values, const Visit& visit) {
  for (const auto& [key, group] : values) {
    for (const BatchValue& value : group) visit(value);
  }
}

}  // namespace

BatchScaling batch_scaling(const AlgorithmOptions& options) {
  if (options.advantage == "reinforce_pp") {
    return {true, true, BatchScaling::Of::kTokenAdvantages};
  }
  if (options.advantage == "lite_ppo") return {false, true, BatchScaling::Of::kRowRewards};
  return {};
}

ExtraSums extra_sums(const AlgorithmOptions& options) {
  const BatchScaling scaling = batch_scaling(options);
  if (!scaling.any()) return {};
  // The entropy floor may raise a bonus that is 0 at first.
  const bool regularised =
      options.kl_coefficient > 0 || options.entropy_coefficient > 0 || options.entropy_floor > 0;
  return {scaling.mean, regularised};
}

Status exact_combination(const AlgorithmOptions& options, bool stale) {
  if (!batch_scaling(options).any()) return {};
  const auto refuse = [&](const std::string& why, const std::string& remedy) {
    return fail(ErrorCode::kInvalid,
                fmt::format("advantage = \"{}\" applies statistics of the batch to sums of "
                            "gradients, which is exact only where the loss is linear in the "
                            "advantage; {}: {}",
                            options.advantage, why, remedy));
  };
  if (stale) {
    return refuse("tokens of older versions have ratios other than 1, which the loss clips",
                  "choose another advantage, or a mode without staleness");
  }
  if (options.loss == "topr" && options.positive_weight != options.negative_weight) {
    return refuse("loss = \"topr\" weighs positive and negative advantages differently",
                  "set positive_weight = negative_weight, or choose another advantage");
  }
  return {};
}

std::vector<BatchValue> batch_values(const BatchScaling& scaling, const Group& group) {
  std::vector<BatchValue> out;
  for (std::size_t i = 0; i < group.rows.size(); ++i) {
    if (scaling.of == BatchScaling::Of::kRowRewards) {
      out.push_back({group.rows[i].reward, 1});
    } else {
      out.push_back({group.advantages[i], static_cast<double>(group.rows[i].sampled_tokens())});
    }
  }
  return out;
}

BatchMoments batch_moments(const std::map<GroupKey, std::vector<BatchValue>>& values) {
  BatchMoments out;
  const BatchValue* first = nullptr;
  double count = 0;
  double sum = 0;
  each(values, [&](const BatchValue& v) {
    if (first == nullptr) first = &v;
    out.constant = out.constant && v.value == first->value;
    count += v.count;
    sum += v.count * v.value;
  });
  if (count == 0) return out;
  out.mean = sum / count;
  double squares = 0;
  each(values, [&](const BatchValue& v) {
    squares += v.count * (v.value - out.mean) * (v.value - out.mean);
  });
  out.deviation = std::sqrt(squares / count);
  return out;
}

}  // namespace troupe
