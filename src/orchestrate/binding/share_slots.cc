#include <optional>

#include "orchestrate/team.h"

// How the policies of a team come to share slots of training.

namespace troupe {

Status Team::share_slots(Executor& executor, Disk& disk, const RunOptions& options,
                         const std::string& folder) {
  const TrainingOptions& training = options.training;
  if (training.slots == 0) return {};
  constexpr std::uint64_t kNoLimit = 1ULL << 62;
  TierBudgets budgets;
  budgets.host = training.memory_megabytes == 0
                     ? kNoLimit
                     : static_cast<std::uint64_t>(training.memory_megabytes) << 20;
  if (options.seams.state_bytes > 0) budgets.host = options.seams.state_bytes;
  state_folder_ = training.state_folder.empty() ? folder + "/states" : training.state_folder;
  TROUPE_ASSIGN(states_,
                open_tier_store(executor, disk, state_folder_, budgets, Leftovers::kForget));
  TrainingSlots::Setting setting;
  setting.slots = static_cast<int>(training.slots);
  setting.groups = options.rollout.groups;
  setting.wait.limit = static_cast<Nanos>(options.pipeline.group_timeout * 1e9);
  slots_ = std::make_unique<TrainingSlots>(executor, *states_, setting);
  for (const auto& policy : policies_) {
    policy->slotted = std::make_unique<SlottedTrainer>(*slots_, policy->trainer->policy(),
                                                       *policy->trainer, *policy->trainer);
  }
  return {};
}

Async<void> Team::end_slots(Disk& disk) {
  if (slots_ == nullptr) co_return;
  co_await slots_->stop();
  for (const std::string& key : states_->keys()) {
    const Status gone = co_await states_->remove(key);
    if (!gone) co_return;  // the next run forgets what is left
  }
  (void)disk.remove(state_folder_);
}

Async<Result<TrainerState>> PolicyRuntime::export_state(Executor& executor, bool whole) const {
  if (!whole) co_return trainer->export_state(false);
  std::optional<TrainingSlots::Hold> hold;
  if (slotted) {
    auto held = co_await slotted->hold_state();
    if (!held) co_return tl::unexpected(held.error());
    hold.emplace(std::move(*held));
  }
  TrainerState state;
  co_await on_worker(executor, "checkpoint", 0, [&] { state = trainer->export_state(); });
  co_return state;
}

}  // namespace troupe
