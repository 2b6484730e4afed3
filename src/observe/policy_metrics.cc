#include "observe/policy_metrics.h"

#include <cstdint>

namespace troupe {

// One row per field; the two captureless lambdas read and write it.
#define TROUPE_METRIC(field, is_whole, type, meaning)                          \
  PolicyMetric {                                                               \
#field, meaning, is_whole,                                                   \
        [](const PolicyStep& step) { return static_cast<double>(step.field); },  \
        [](PolicyStep& step, double value) { step.field = static_cast<type>(value); } \
  }
#define TROUPE_REAL(field, meaning) TROUPE_METRIC(field, false, double, meaning)
#define TROUPE_WHOLE(field, meaning) TROUPE_METRIC(field, true, std::int64_t, meaning)

const std::vector<PolicyMetric>& policy_metrics() {
  static const std::vector<PolicyMetric> metrics = {
      TROUPE_WHOLE(version, "version that generated and was trained"),
      TROUPE_REAL(reward, "mean reward"),
      TROUPE_REAL(success, "share of episodes solved"),
      TROUPE_REAL(response_length, "sampled tokens per trajectory"),
      TROUPE_REAL(truncated, "share of trajectories cut by a limit"),
      TROUPE_REAL(entropy, "nats per token"),
      TROUPE_REAL(gradient_norm, "L2 norm before clipping"),
      TROUPE_REAL(learning_rate, "learning rate"),
      TROUPE_REAL(kl, "nats per token to the reference policy"),
      TROUPE_REAL(clip_fraction, "share of tokens outside the clip range"),
      TROUPE_REAL(effective_sample_size, "share, from token ratios"),
      TROUPE_REAL(critic_loss, "half the squared error of the values, advantage gae"),
      TROUPE_REAL(staleness, "versions, largest of the step"),
      TROUPE_REAL(logprob_mismatch, "nats, largest gap of rollout and trainer"),
      TROUPE_WHOLE(groups, "groups trained on"),
      TROUPE_WHOLE(filtered_groups, "groups that were replaced"),
      TROUPE_WHOLE(zero_signal_groups, "groups with all rewards equal"),
      TROUPE_WHOLE(tokens_generated, "tokens sampled"),
      TROUPE_WHOLE(tokens_trained, "tokens of the samples in the gradient, prompts included"),
  };
  return metrics;
}

const PolicyMetric* find_policy_metric(std::string_view name) {
  for (const PolicyMetric& metric : policy_metrics()) {
    if (name == metric.name) return &metric;
  }
  return nullptr;
}

}  // namespace troupe
