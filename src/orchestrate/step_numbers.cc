#include "orchestrate/step_numbers.h"

#include <algorithm>

namespace troupe {

PolicyStep step_numbers(const PolicyLane& lane,
                        const std::vector<std::shared_ptr<const Group>>& groups, Version version,
                        const StepResult& result) {
  PolicyStep out;
  out.policy = lane.policy;
  out.agents = lane.agents;
  out.version = version.number;
  out.skipped = result.skipped;
  out.skip_reason = result.skip_reason;
  out.gradient_norm = result.gradient_norm;
  out.learning_rate = result.learning_rate;
  out.critic_loss = result.critic_loss;
  out.groups = static_cast<std::int64_t>(groups.size());

  std::int64_t rows = 0;
  double entropy = 0;
  for (const auto& group : groups) {
    bool signal = false;
    for (std::size_t i = 0; i < group->rows.size(); ++i) {
      const Trajectory& row = group->rows[i];
      ++rows;
      out.reward += row.reward;
      out.success += row.success ? 1 : 0;
      out.truncated += row.truncated ? 1 : 0;
      entropy += row.entropy_sum;
      out.tokens_generated += row.sampled_tokens();
      out.tokens_trained += row.tokens();
      signal = signal || group->advantages[i] != 0;
      for (const Segment& segment : row.segments) {
        if (!segment.sampled) continue;
        const std::int64_t age = version.number - segment.version.number;
        out.staleness = std::max(out.staleness, static_cast<double>(age));
        const auto bin = static_cast<std::size_t>(std::max<std::int64_t>(age, 0));
        if (out.staleness_tokens.size() <= bin) out.staleness_tokens.resize(bin + 1);
        out.staleness_tokens[bin] += static_cast<std::int64_t>(segment.tokens.size());
      }
    }
    if (!signal) ++out.zero_signal_groups;
  }
  const double n = static_cast<double>(std::max<std::int64_t>(rows, 1));
  const double sampled = static_cast<double>(std::max<std::int64_t>(out.tokens_generated, 1));
  out.reward /= n;
  out.success /= n;
  out.truncated /= n;
  out.response_length = static_cast<double>(out.tokens_generated) / n;
  out.entropy = entropy / sampled;

  const TokenStats& t = result.tokens;
  const double scored = static_cast<double>(std::max<std::int64_t>(t.tokens, 1));
  out.kl = t.kl_tokens > 0 ? t.kl / static_cast<double>(t.kl_tokens) : 0;
  out.clip_fraction = static_cast<double>(t.clipped) / scored;
  out.effective_sample_size =
      t.ratio_squared > 0 ? t.ratio * t.ratio / (scored * t.ratio_squared) : 0;
  out.logprob_mismatch = t.mismatch;
  return out;
}

}  // namespace troupe
