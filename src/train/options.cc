#include "train/options.h"

#include <algorithm>
#include <cmath>

namespace troupe {

void OptimizerOptions::declare(OptionSet& o) {
  o.add("learning_rate", &learning_rate, "Peak learning rate of AdamW.").range(0, 1);
  o.add("schedule", &schedule, "Course of the learning rate after warm-up.")
      .one_of({"constant", "linear", "cosine"});
  o.add("warmup", &warmup, "Share of the steps over which the learning rate rises linearly.")
      .range(0, 1);
  o.add("final_rate", &final_rate,
        "Learning rate at the end as a share of the peak (linear and cosine schedules).")
      .range(0, 1);
  o.add("beta1", &beta1, "AdamW's decay of the first moment.").range(0, 0.99999);
  o.add("beta2", &beta2, "AdamW's decay of the second moment.").range(0, 0.99999);
  o.add("weight_decay", &weight_decay, "AdamW's decoupled weight decay; matrices only.")
      .range(0, 1);
  o.add("clip_norm", &clip_norm,
        "Largest Euclidean norm of the gradient; larger ones are scaled down.")
      .range(1e-6, 1e6);
  o.add("max_skips", &max_skips,
        "The run stops after this many steps in a row whose gradient was not finite.")
      .range(1, 1000);
}

void AlgorithmOptions::declare(OptionSet& o) {
  o.add("advantage", &advantage,
        "grpo: reward minus group mean, over group deviation. dr_grpo: reward minus group mean.")
      .one_of({"grpo", "dr_grpo"});
  o.add(
       "normalizer", &normalizer,
       "How tokens share the loss. sequence: each sample counts the same. token: each token of the "
       "global batch counts the same. constant: each token counts 1 / rollout.max_answer.")
      .one_of({"sequence", "token", "constant"});
  o.add("clip_low", &clip_low,
        "PPO clip: the ratio's lower end is 1 - clip_low. A step trains on samples of its own "
        "version, "
        "where no ratio leaves 1: only the default is accepted.")
      .range(0, 1);
  o.add("clip_high", &clip_high,
        "PPO clip: the ratio's upper end is 1 + clip_high. Only the default is accepted, as for "
        "clip_low.")
      .range(0, 10);
  o.add("kl_coefficient", &kl_coefficient,
        "Weight of the KL divergence to the reference policy (the weights before RL).")
      .range(0, 100);
  o.add("entropy_floor", &entropy_floor,
        "Nats per token below which the entropy bonus grows, and above which it shrinks; 0: the "
        "bonus stays at entropy_coefficient.")
      .range(0, 10);
  o.add("entropy_coefficient", &entropy_coefficient, "Weight of the entropy bonus at the start.")
      .range(0, 10);
  o.add("entropy_max", &entropy_max, "Largest weight that the entropy floor may give the bonus.")
      .range(0, 10);
  o.add("entropy_gain", &entropy_gain,
        "How much the bonus's weight changes per step and nat below or above the floor.")
      .range(0, 10);
}

double learning_rate_at(const OptimizerOptions& options, std::int64_t step, std::int64_t steps) {
  const auto total = static_cast<double>(std::max<std::int64_t>(steps, 1));
  const double warm = options.warmup * total;
  const auto done = static_cast<double>(step);
  if (done + 1 < warm) return options.learning_rate * (done + 1) / warm;
  const double progress = std::clamp((done - warm) / std::max(total - warm, 1.0), 0.0, 1.0);
  double share = 1;
  if (options.schedule == "linear") share = 1 - (1 - options.final_rate) * progress;
  if (options.schedule == "cosine") {
    share = options.final_rate +
            (1 - options.final_rate) * 0.5 * (1 + std::cos(3.141592653589793 * progress));
  }
  return options.learning_rate * share;
}

}  // namespace troupe
