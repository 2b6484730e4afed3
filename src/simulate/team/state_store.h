#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "simulate/costs/roofline.h"
#include "simulate/team/slot_times.h"
#include "versions/tiers/tier_store.h"

namespace troupe {

/// The place of the training states that have no slot: host memory without a limit, which a state
/// comes from and goes to in the time that its costs say. States are stand-ins of a byte for each
/// kStateUnit (trainer.h). Lives on the strand.
class StateStore final : public TierStore {
 public:
  StateStore(Executor& executor, std::shared_ptr<SlotTimes> times)
      : executor_(executor), times_(std::move(times)) {}
  /// What states take whose keys begin with a policy's name and a dot.
  void add(const std::string& policy, const TrainingCosts& costs) { costs_[policy] = costs; }

  Async<Result<StateBytes>> allocate(std::uint64_t size, Wait wait) override;
  Async<Status> set(std::string key, StateBytes bytes, Place place, Wait wait) override;
  Async<Result<StateBytes>> get(std::string key, Wait wait) override;
  void prefetch(const std::string&) override {}
  void needed_at(const std::string&, Nanos) override {}
  Async<Status> remove(std::string key) override;
  [[nodiscard]] Result<Place> place(const std::string& key) const override;
  [[nodiscard]] std::vector<std::string> keys() const override;
  [[nodiscard]] TierFigures figures() const override { return {}; }

 private:
  [[nodiscard]] const TrainingCosts& costs_of(const std::string& key) const {
    return costs_.at(key.substr(0, key.find('.')));
  }
  Async<void> move(double seconds);

  Executor& executor_;
  std::shared_ptr<SlotTimes> times_;
  std::map<std::string, TrainingCosts> costs_;
  std::map<std::string, StateBytes> states_;
};

}  // namespace troupe
