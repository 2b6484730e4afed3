#include "simulate/team/simulated_trainers.h"

#include "simulate/team/forever.h"
#include "simulate/workload/workload_environment.h"

namespace troupe {

Result<std::unique_ptr<SimulatedTrainers>> SimulatedTrainers::make(
    Executor& executor, const SimulationOptions& options, const std::vector<TrainingCosts>& costs,
    std::shared_ptr<SlotTimes> times) {
  std::unique_ptr<SimulatedTrainers> out(new SimulatedTrainers());
  for (std::size_t a = 0; a < costs.size(); ++a) {
    TROUPE_ASSIGN(const ModelShape model, options.team.shape(a));
    out->trainers_.push_back(
        std::make_unique<SimulatedTrainer>(executor, times, costs[a], model.training_bytes()));
  }
  const bool one_machine = options.measured.given() && options.cluster.shared;
  if (!one_machine && options.slots() < options.team.agents) {
    out->share_slots(executor, options, costs, std::move(times));
  }
  return out;
}

void SimulatedTrainers::share_slots(Executor& executor, const SimulationOptions& options,
                                    const std::vector<TrainingCosts>& costs,
                                    std::shared_ptr<SlotTimes> times) {
  states_ = std::make_unique<StateStore>(executor, std::move(times));
  TrainingSlots::Setting setting;
  setting.slots = options.slots();
  setting.groups = options.run.groups;
  setting.wait = Wait(kForever, "a training slot");
  slots_ = std::make_unique<TrainingSlots>(executor, *states_, setting);
  for (std::size_t a = 0; a < trainers_.size(); ++a) {
    const std::string name = agent_name(static_cast<int>(a));
    states_->add(name, costs[a]);
    slotted_.push_back(
        std::make_unique<SlottedTrainer>(*slots_, name, *trainers_[a], *trainers_[a]));
  }
}

TrainEngine& SimulatedTrainers::engine(std::size_t policy) const {
  if (slots_) return *slotted_[policy];
  return *trainers_[policy];
}

void SimulatedTrainers::publish_after(const std::function<double(int policy)>& seconds) {
  for (std::size_t a = 0; a < trainers_.size(); ++a) {
    const int policy = static_cast<int>(a);
    trainers_[a]->publish_after([seconds, policy] { return seconds(policy); });
  }
}

void SimulatedTrainers::compute_beside(Executor& executor, std::function<double()> taken) {
  machine_ = std::make_unique<SharedMachine>(executor, std::move(taken));
  for (const auto& trainer : trainers_) trainer->compute_on(*machine_);
}

void SimulatedTrainers::share(SharedDevices& devices) {
  for (const auto& trainer : trainers_) trainer->share(devices);
}

void SimulatedTrainers::score_with(StepRewards& rewards) {
  for (const auto& trainer : trainers_) trainer->score_with(rewards);
}

std::int64_t SimulatedTrainers::tokens_trained() const {
  std::int64_t out = 0;
  for (const auto& trainer : trainers_) out += trainer->tokens_trained();
  return out;
}

Async<void> SimulatedTrainers::stop() {
  if (slots_) co_await slots_->stop();
}

}  // namespace troupe
