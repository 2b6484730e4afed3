#include "train/trainer.h"

#include <algorithm>
#include <cmath>

#include "train/loss/cross_entropy.h"
#include "train/loss/registry.h"

namespace troupe {
namespace {

/// What a token's weight is a part of, where all tokens of a batch weigh the same: a group of so
/// many has a loss of about 1, and a power of two costs no bit.
constexpr double kTokenUnit = 1024;

}  // namespace

Trainer::Trainer(Executor& executor, std::string policy, OptimizerOptions optimizer,
                 AlgorithmOptions algorithm, std::shared_ptr<const Weights> weights, Dtype dtype,
                 AdapterBase base)
    : executor_(executor),
      policy_(std::move(policy)),
      optimizer_options_(std::move(optimizer)),
      algorithm_(std::move(algorithm)),
      loss_(make_loss(algorithm_)),
      scaling_(batch_scaling(algorithm_)),
      estimator_(advantage_settings(algorithm_), optimizer_options_, dtype),
      dtype_(dtype),
      base_(std::move(base)),
      adamw_(weights->layout.size()),
      slot_free_(executor) {
  restart(std::move(weights));
}

void Trainer::configure(float temperature, double full_sample_tokens, std::int64_t pack_tokens,
                        bool recompute) {
  recompute_ = recompute;
  temperature_ = temperature;
  pack_tokens_ = pack_tokens;
  full_sample_tokens_ = full_sample_tokens;
}

void Trainer::set_reference(std::shared_ptr<const Weights> reference) {
  reference_weights_ = std::move(reference);
  if (reference_weights_ == weights_) {
    reference_ = decoder_;  // the same until the next step
  } else {
    reference_ = reference_weights_ ? pack(reference_weights_) : nullptr;
  }
}

std::shared_ptr<const Decoder> Trainer::pack(std::shared_ptr<const Weights> weights) const {
  if (base_.decoder == nullptr) return std::make_shared<const Decoder>(std::move(weights), dtype_);
  return std::make_shared<const Decoder>(*base_.decoder, base_.settings, std::move(weights));
}

void Trainer::restart(std::shared_ptr<const Weights> weights) {
  weights_ = std::move(weights);
  decoder_ = pack(weights_);
  adamw_.steps = 0;
  adamw_.moments.clear();
  adamw_.beta1 = optimizer_options_.beta1;
  adamw_.beta2 = optimizer_options_.beta2;
  adamw_.decay = optimizer_options_.weight_decay;
  version_.number = 0;
  skips_in_row_ = 0;
  entropy_coefficient_ = algorithm_.entropy_coefficient;
  stats_.clear();
  batch_values_.clear();
  supervised_ = false;
  sum_bytes_ = 0;
  for (auto& workspace : workspaces_) workspace->clear_all_sums();
  estimator_.restart(*weights_);
}

std::unique_ptr<TrainWorkspace> Trainer::make_workspace() const {
  auto out = std::make_unique<TrainWorkspace>(weights_->layout, recompute_, extra_sums(algorithm_));
  out->critic = estimator_.make_workspace(recompute_);
  return out;
}

Async<void> Trainer::run_group(std::shared_ptr<const Group> group, GradientJob job) {
  job.decoder = decoder_.get();
  job.version = version_;
  job.loss.temperature = temperature_;
  job.pack_tokens = pack_tokens_;
  // A workspace holds a gradient and its sum: no more of them than can work at once.
  const Wait wait(3600 * kSecond, "a free training slot");
  while (workspaces_.empty() && slots_ >= executor_.workers()) {
    const bool notified = co_await slot_free_.wait(wait);
    (void)notified;  // the loop looks again
  }
  if (workspaces_.empty()) {
    workspaces_.push_back(make_workspace());
    ++slots_;
  }
  auto workspace = std::move(workspaces_.back());
  workspaces_.pop_back();
  TokenStats stats;
  co_await on_worker(executor_, "backward", 1,
                     [&] { stats = accumulate_group(job, *group, *workspace); });
  if (job.token_advantages) estimator_.saw(*group, workspace->critic ? workspace->critic->loss : 0);
  workspaces_.push_back(std::move(workspace));
  slot_free_.notify_all();
  stats_[group->key].add(stats);
}

Async<Status> Trainer::accumulate(std::shared_ptr<const Group> group) {
  supervised_ = false;
  GradientJob job;
  job.loss.policy = loss_;
  job.scaling = scaling_;
  job.loss.entropy_coefficient = entropy_coefficient_;
  job.loss.kl_coefficient = algorithm_.kl_coefficient;
  // Without a KL term the divergence is only shown: one group a step is sample enough.
  if (algorithm_.kl_coefficient > 0 || group->key.index == 0) job.reference = reference_.get();
  if (algorithm_.normalizer == "token") {
    job.weights.kind = TokenWeights::Kind::kToken;
    job.weights.constant = kTokenUnit;
  } else if (algorithm_.normalizer == "constant") {
    job.weights.kind = TokenWeights::Kind::kConstant;
    job.weights.constant = full_sample_tokens_;
  }
  if (estimator_.needed()) {
    job.token_advantages = [this](const Group& of, CriticWorkspace* critic) {
      return estimator_.estimate(of, pack_tokens_, critic);
    };
  }
  if (scaling_.any()) batch_values_[group->key] = batch_values(scaling_, *group);
  co_await run_group(std::move(group), job);
  co_return Status();
}

Async<Status> Trainer::accumulate_supervised(std::shared_ptr<const Group> group) {
  supervised_ = true;
  GradientJob job;
  job.loss.policy = std::make_shared<CrossEntropyLoss>();
  job.weights.kind = TokenWeights::Kind::kToken;
  co_await run_group(std::move(group), job);
  co_return Status();
}

TrainWorkspace& Trainer::merge_sums() {
  // The first workspace's memory takes the sum and the gradient of all.
  if (workspaces_.empty()) {
    workspaces_.push_back(make_workspace());
    ++slots_;
  }
  TrainWorkspace& total = *workspaces_.front();
  for (std::size_t i = 1; i < workspaces_.size(); ++i) {
    total.merge_sums(*workspaces_[i]);
    workspaces_[i]->clear_all_sums();
  }
  return total;
}

bool Trainer::sum_gradients(double count) {
  TrainWorkspace& total = merge_sums();
  const bool finite = total.sum.finite() && total.unit.finite() && total.regularisers.finite();
  if (supervised_ || !scaling_.any()) {
    total.sum.read(1.0 / count, total.gradient);
  } else {
    read_scaled(batch_moments(batch_values_), count, total);
  }
  total.clear_sums();
  batch_values_.clear();
  return finite;
}

/// (sum - mean * unit) / deviation, and the terms that are not scaled.
void Trainer::read_scaled(const BatchMoments& moments, double count, TrainWorkspace& total) const {
  double scale = scaling_.deviation ? 1.0 / (moments.deviation + 1e-6) : 1.0;
  // Equal values are 0 after their mean is taken off; the division would blow up what rounding
  // left.
  if (scaling_.mean && moments.constant) scale = 0;
  std::vector<GradientSum::Scaled> terms = {{&total.sum, scale / count}};
  if (scaling_.mean) terms.push_back({&total.unit, -moments.mean * scale / count});
  if (extra_sums(algorithm_).regularisers) terms.push_back({&total.regularisers, 1.0 / count});
  GradientSum::read(terms, total.gradient);
}

Async<Result<StepResult>> Trainer::step(std::int64_t groups, double learning_rate) {
  StepResult result;
  result.learning_rate = learning_rate;
  result.entropy_coefficient = entropy_coefficient_;
  for (const auto& [key, stats] : stats_) result.tokens.add(stats);
  stats_.clear();
  double count = static_cast<double>(std::max<std::int64_t>(groups, 1));
  if (supervised_ || algorithm_.normalizer == "token") {
    count = static_cast<double>(std::max<std::int64_t>(result.tokens.tokens, 1));
    if (!supervised_) count /= kTokenUnit;
  }

  std::shared_ptr<Weights> next;
  std::shared_ptr<const Decoder> decoder;
  const auto take = [&] {
    const bool summed = sum_gradients(count);
    std::vector<float>& gradient = workspaces_.front()->gradient;
    result.gradient_norm = l2_norm(gradient);
    if (!summed || !std::isfinite(result.gradient_norm)) {
      result.skipped = true;
      result.skip_reason = "a gradient was infinite, NaN or beyond the accumulator's range";
      return;
    }
    if (result.gradient_norm > optimizer_options_.clip_norm) {
      const auto scale = static_cast<float>(optimizer_options_.clip_norm / result.gradient_norm);
      for (float& g : gradient) g *= scale;
    }
    next = std::make_shared<Weights>(*weights_);
    if (!adamw_.step(*next, gradient, learning_rate)) {
      result.skipped = true;
      result.skip_reason = "the update would have made a weight infinite or NaN";
      return;
    }
    decoder = pack(next);
  };
  co_await on_worker(executor_, "optimizer", 0, [&] {
    take();
    if (!supervised_) step_critic(!result.skipped, groups, learning_rate);
  });
  if (!supervised_) {
    result.critic_loss = estimator_.critic_loss();
    estimator_.end_step(!result.skipped);
  }
  if (result.skipped) {
    ++skips_in_row_;
    co_return result;
  }
  skips_in_row_ = 0;
  weights_ = std::move(next);
  decoder_ = std::move(decoder);
  version_ = timeline_.at(version_.number + 1);
  if (!supervised_ && result.tokens.tokens > 0) {
    control_entropy(result.tokens.entropy / static_cast<double>(result.tokens.tokens));
  }
  co_return result;
}

/// Its learning rate follows the policy's course.
void Trainer::step_critic(bool taken, std::int64_t groups, double learning_rate) {
  std::vector<CriticWorkspace*> critics;
  for (const auto& workspace : workspaces_) {
    if (workspace->critic) critics.push_back(workspace->critic.get());
  }
  if (critics.empty()) return;
  if (!taken) return CriticLearner::discard(critics);
  const double course =
      optimizer_options_.learning_rate > 0 ? learning_rate / optimizer_options_.learning_rate : 1.0;
  estimator_.step(critics, static_cast<double>(std::max<std::int64_t>(groups, 1)),
                  course * algorithm_.critic_learning_rate);
}

/// An integral controller: the bonus grows while entropy is below its floor, shrinks above it.
void Trainer::control_entropy(double entropy_per_token) {
  if (algorithm_.entropy_floor <= 0) return;
  const double moved = entropy_coefficient_ +
                       algorithm_.entropy_gain * (algorithm_.entropy_floor - entropy_per_token);
  entropy_coefficient_ = std::clamp(moved, 0.0, algorithm_.entropy_max);
}

}  // namespace troupe
