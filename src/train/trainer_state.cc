#include <utility>

#include "train/trainer.h"

// The training state of a trainer: what a checkpoint holds, and what is taken away while others
// compute.

namespace troupe {
namespace {

/// The sums of a workspace, one behind the other.
std::vector<GradientSum*> sums_of(TrainWorkspace& workspace) {
  std::vector<GradientSum*> out = {&workspace.sum, &workspace.unit, &workspace.regularisers};
  if (workspace.critic) out.push_back(&workspace.critic->sum);
  return out;
}

}  // namespace

std::vector<StatePart> Trainer::parts() const {
  std::vector<StatePart> out;
  out.push_back({"moments", adamw_.moments.bytes()});
  const Moments* critic = estimator_.critic_moments();
  if (critic != nullptr) out.push_back({"critic", critic->bytes()});
  if (sum_bytes_ > 0) {
    out.push_back({"sums", sum_bytes_, true});
  } else if (!stats_.empty() && !workspaces_.empty()) {
    std::uint64_t bytes = 0;
    for (const GradientSum* sum : sums_of(*workspaces_.front())) bytes += sum->bytes();
    out.push_back({"sums", bytes, true});
  }
  return out;
}

bool Trainer::fresh() const { return adamw_.steps == 0 && stats_.empty(); }

StateParts Trainer::suspend(StateParts room) {
  StateParts out;
  out["moments"] = adamw_.moments.take();
  if (Moments* critic = estimator_.critic_moments()) out["critic"] = critic->take();
  const auto sums = room.find("sums");
  if (sums != room.end()) {
    sum_bytes_ = sums->second.size();
    std::span<char> rest = sums->second.bytes();
    for (GradientSum* sum : sums_of(merge_sums())) {
      sum->store(rest.first(sum->bytes()));
      rest = rest.subspan(sum->bytes());
    }
    out["sums"] = std::move(sums->second);
    for (const auto& workspace : workspaces_) workspace->clear_all_sums();
  }
  return out;
}

Workspaces Trainer::give_workspaces() {
  slots_ = 0;
  return std::exchange(workspaces_, {});
}

bool Trainer::fits(const TrainWorkspace& workspace) const {
  const std::size_t size = weights_->layout.size();
  const ExtraSums extra = extra_sums(algorithm_);
  return workspace.recompute == recompute_ && workspace.gradient.size() == size &&
         workspace.unit.size() == (extra.unit ? size : 0) &&
         workspace.regularisers.size() == (extra.regularisers ? size : 0) && !workspace.critic &&
         estimator_.critic_moments() == nullptr;
}

void Trainer::take_workspaces(Workspaces workspaces) {
  for (auto& workspace : workspaces) {
    if (slots_ >= executor_.workers() || !fits(*workspace)) continue;
    workspaces_.push_back(std::move(workspace));
    ++slots_;
  }
}

void Trainer::resume(StateParts state) {
  adamw_.moments.put(std::move(state["moments"]));
  if (Moments* critic = estimator_.critic_moments()) critic->put(std::move(state["critic"]));
  const auto sums = state.find("sums");
  sum_bytes_ = 0;
  if (sums == state.end()) return;
  if (workspaces_.empty()) {
    workspaces_.push_back(make_workspace());
    ++slots_;
  }
  std::span<const char> rest = sums->second.bytes();
  for (GradientSum* sum : sums_of(*workspaces_.front())) {
    sum->load(rest.first(sum->bytes()));
    rest = rest.subspan(sum->bytes());
  }
}

TrainerState Trainer::export_state(bool whole) const {
  TrainerState state;
  state.version = version_.number;
  state.optimizer_steps = adamw_.steps;
  state.skips_in_row = skips_in_row_;
  state.entropy_coefficient = entropy_coefficient_;
  state.role_baselines = estimator_.role_baselines();
  if (!whole) return state;
  state.first = adamw_.moments.copy_first();
  state.second = adamw_.moments.copy_second();
  state.critic = estimator_.critic_state();
  return state;
}

Status Trainer::import_state(TrainerState state, std::shared_ptr<const Weights> weights) {
  if (state.first.size() != weights->layout.size() ||
      state.second.size() != weights->layout.size()) {
    return fail(ErrorCode::kInvalid, "the optimizer state does not fit the model's shape");
  }
  restart(std::move(weights));
  adamw_.steps = state.optimizer_steps;
  adamw_.moments.assign(state.first, state.second);
  version_ = timeline_.at(state.version);
  skips_in_row_ = state.skips_in_row;
  entropy_coefficient_ = state.entropy_coefficient;
  return estimator_.restore(std::move(state.role_baselines), std::move(state.critic));
}

}  // namespace troupe
