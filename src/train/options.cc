#include "train/options.h"

#include <algorithm>
#include <cmath>

#include "train/loss/registry.h"

namespace troupe {
namespace {

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const LossEntry& entry : loss_entries()) names.push_back(entry.name);
  return names;
}

}  // namespace

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
        "grpo: reward minus group mean, over group deviation. dr_grpo: reward minus group mean. "
        "rloo: reward minus the mean of the others. reinforce_pp: reward minus batch mean, over "
        "batch deviation. lite_ppo: reward minus group mean, over batch deviation. gae: by a "
        "critic. role_baseline: reward minus a running average of the agent's.")
      .one_of({"grpo", "dr_grpo", "rloo", "reinforce_pp", "lite_ppo", "gae", "role_baseline"});
  o.add("group_by", &group_by,
        "Which rows of a group are compared. task: all. agent: those of the same agent. "
        "agent_turn: those of the same agent and turn, each turn being a context of its own; their "
        "prompts must be the same.")
      .one_of({"task", "agent", "agent_turn"});
  o.add("gae_discount", &gae_discount, "gae: the discount gamma, per token.").range(0, 1);
  o.add("gae_lambda", &gae_lambda,
        "gae: lambda. 1: what the episode earned less the value; 0: one token ahead.")
      .range(0, 1);
  o.add("critic_learning_rate", &critic_learning_rate,
        "gae: peak learning rate of the critic; it follows optimizer.schedule.")
      .range(1e-9, 1);
  o.add("baseline_decay", &baseline_decay,
        "role_baseline: share of the old average that each row leaves.")
      .range(0, 0.999999);
  o.add("loss", &loss,
        "The loss of one token. All but ipa and a topr with weights are the same while every token "
        "is of the version that is trained; they differ in what they do with older ones.")
      .one_of(loss_names());
  o.add(
       "normalizer", &normalizer,
       "How tokens share the loss. sequence: each sample counts the same. token: each token of the "
       "global batch counts the same. constant: each token counts 1 / rollout.max_answer.")
      .one_of({"sequence", "token", "constant"});
  o.add("clip_low", &clip_low,
        "Losses that clip: the ratio's lower end is 1 - clip_low; 0: 0.2 (gspo 3e-4, cispo 0.1). "
        "Idle while every token is of the version that is trained, whose ratio is 1.")
      .range(0, 1);
  o.add("clip_high", &clip_high,
        "Losses that clip: the ratio's upper end is 1 + clip_high; 0: 0.2 (dapo 0.28, gspo 4e-4, "
        "cispo 0.1). Idle where clip_low is.")
      .range(0, 10);
  o.add("dual_clip", &dual_clip,
        "ppo: with a negative advantage the loss grows no more once the ratio is above this "
        "(published: 3); 0: never. Idle where clip_low is.")
      .range(0, 1000);
  o.add("ratio_cap", &ratio_cap,
        "tis, topr, ipa, decoupled_ppo: the largest importance weight; 0: 1 (decoupled_ppo 5). "
        "Idle where clip_low is.")
      .range(0, 1000);
  o.add("mask_ratio", &mask_ratio,
        "ipa: a turn whose ratio is above this is left out; 0: 2. Idle where clip_low is.")
      .range(0, 1e6);
  o.add("gate_positive", &gate_positive,
        "sapo: steepness of the gate for positive advantages; 0: 1. Idle where clip_low is.")
      .range(0, 1000);
  o.add("gate_negative", &gate_negative,
        "sapo: the same for the other advantages; 0: 1.05. Idle where clip_low is.")
      .range(0, 1000);
  o.add("positive_weight", &positive_weight, "topr: weight of tokens with a positive advantage.")
      .range(0, 1000);
  o.add("negative_weight", &negative_weight, "topr: weight of all other tokens.").range(0, 1000);
  o.add("chunk_discount", &chunk_discount,
        "ipa: what a turn's advantage is multiplied by for each later turn of the row.")
      .range(0, 1);
  o.add("overlong_tokens", &overlong_tokens,
        "DAPO's overlong shaping: over the last so many tokens before rollout.max_answer an answer "
        "loses up to 1 of its reward, linearly; 0: none.")
      .range(0, 1000000);
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
