#include "rollout/emulated/cost_model.h"

#include <cmath>

namespace troupe {

void CostModel::declare(OptionSet& o) {
  o.add("decode_base", &decode_base, "Seconds of a decode step, whatever is in it.").range(0, 1e3);
  o.add("decode_per_sequence", &decode_per_sequence,
        "Seconds that each sequence adds to a decode step.")
      .range(0, 1e3);
  o.add("decode_per_context_token", &decode_per_context_token,
        "Seconds that each token in the sequences' KV caches adds to a decode step.")
      .range(0, 1e3);
  o.add("prefill_base", &prefill_base, "Seconds of a prefill pass, whatever is in it.")
      .range(0, 1e3);
  o.add("prefill_per_token", &prefill_per_token, "Seconds that each token adds to a prefill pass.")
      .range(0, 1e3);
  o.add("load_per_byte", &load_per_byte, "Seconds to load a byte of weights.").range(0, 1e3);
  o.add("weight_bytes", &weight_bytes, "Bytes of a version's weights.").range(0, 1e15);
}

double CostModel::step(std::int64_t batch, double context) const {
  return decode_base + decode_per_sequence * static_cast<double>(batch) +
         decode_per_context_token * context;
}

double CostModel::decode(std::int64_t steps, std::int64_t batch, double context) const {
  const auto k = static_cast<double>(steps);
  const double growth = decode_per_context_token * static_cast<double>(batch);
  return k * step(batch, context) + growth * k * (k - 1) / 2;
}

double CostModel::steps_within(double seconds, std::int64_t batch, double context) const {
  // (growth / 2) k^2 + b k = seconds, solved without cancellation.
  const double growth = decode_per_context_token * static_cast<double>(batch);
  const double b = step(batch, context) - growth / 2;
  const double root = std::sqrt(b * b + 2 * growth * seconds);
  return b + root > 0 ? 2 * seconds / (b + root) : 0;
}

double CostModel::prefill(std::int64_t tokens) const {
  return prefill_base + prefill_per_token * static_cast<double>(tokens);
}

}  // namespace troupe
