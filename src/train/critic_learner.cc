#include "train/critic_learner.h"

#include <cmath>

namespace troupe {

CriticLearner::CriticLearner(const OptimizerOptions& optimizer, const Weights& policy, Dtype dtype)
    : clip_norm_(optimizer.clip_norm),
      dtype_(dtype),
      weights_(std::make_shared<const Weights>(critic_weights(policy))),
      decoder_(std::make_shared<const Decoder>(weights_, dtype)),
      adamw_(weights_->layout.size()) {
  adamw_.beta1 = optimizer.beta1;
  adamw_.beta2 = optimizer.beta2;
  adamw_.decay = optimizer.weight_decay;
}

void CriticLearner::restart(const Weights& policy) {
  weights_ = std::make_shared<const Weights>(critic_weights(policy));
  decoder_ = std::make_shared<const Decoder>(weights_, dtype_);
  adamw_.steps = 0;
  moments().clear();
}

CriticStep CriticLearner::step(const std::vector<CriticWorkspace*>& workspaces, double groups,
                               double learning_rate) {
  CriticStep out;
  CriticWorkspace& total = *workspaces.front();
  for (std::size_t i = 1; i < workspaces.size(); ++i) total.sum.merge(workspaces[i]->sum);
  total.sum.read(1.0 / groups, total.gradient);
  const bool summed = total.sum.finite();
  discard(workspaces);
  out.gradient_norm = l2_norm(total.gradient);
  out.skipped = !summed || !std::isfinite(out.gradient_norm);
  if (out.skipped) return out;
  if (out.gradient_norm > clip_norm_) {
    const auto scale = static_cast<float>(clip_norm_ / out.gradient_norm);
    for (float& g : total.gradient) g *= scale;
  }
  auto next = std::make_shared<Weights>(*weights_);
  out.skipped = !adamw_.step(*next, total.gradient, learning_rate);
  if (out.skipped) return out;
  weights_ = std::move(next);
  decoder_ = std::make_shared<const Decoder>(weights_, dtype_);
  return out;
}

void CriticLearner::discard(const std::vector<CriticWorkspace*>& workspaces) {
  for (CriticWorkspace* workspace : workspaces) workspace->sum.clear();
}

CriticState CriticLearner::state() const {
  return {weights_, adamw_.steps, moments().copy_first(), moments().copy_second()};
}

Status CriticLearner::restore(CriticState state) {
  const std::size_t size = weights_->layout.size();
  if (!state.weights || state.weights->layout.size() != size || state.first.size() != size ||
      state.second.size() != size) {
    return fail(ErrorCode::kInvalid,
                "the checkpoint has no critic of this policy's shape: it was not made with "
                "algorithm.advantage = \"gae\"");
  }
  weights_ = std::move(state.weights);
  decoder_ = std::make_shared<const Decoder>(weights_, dtype_);
  adamw_.steps = state.optimizer_steps;
  moments().assign(state.first, state.second);
  return {};
}

}  // namespace troupe
