#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "orchestrate/binding/plan_binding.h"
#include "orchestrate/binding/swap_clock.h"
#include "train/swappable.h"
#include "versions/tiers/tier_store.h"

namespace troupe {

/// K slots that M > K trainers share. Who wants to compute awaits a hold on its trainer; while
/// there is one, the trainer's state is in place and stays there. States of trainers without a slot
/// lie in the store, in host memory or on disk, and those that are next in line are fetched ahead.
/// Who gets a slot when is plan_binding()'s to say; here is what follows from it.
///
/// The first error of the store ends it: every hold from then on fails with it. Lives on the
/// strand; copies run on workers as "swap", and so do they show in the time by state.
class TrainingSlots {
 public:
  struct Setting {
    int slots = 1;
    std::int64_t groups = 1;  ///< of a step: so many computations, and the optimizer's, make one
    Wait wait = Wait(3600 * kSecond, "a training slot");  ///< for a slot, and for memory
    Nanos patience = 10 * kSecond;
  };
  /// `store` must outlive it.
  TrainingSlots(Executor& executor, TierStore& store, Setting setting);
  ~TrainingSlots();
  TrainingSlots(const TrainingSlots&) = delete;
  TrainingSlots& operator=(const TrainingSlots&) = delete;

  /// Gives a trainer's state over to the slots; its index. Only before the first hold, and nothing
  /// but a hold's owner may compute with it from then on. `name`: a part of file names.
  int add(std::string name, Swappable& trainer);

  /// What a trainer is held for.
  enum class Need {
    kGroup,  ///< one of the step's backward passes
    kStep,   ///< its optimizer step
    kState,  ///< to look at its state
  };
  /// The right to compute with a trainer, for as long as it lives.
  class Hold {
   public:
    Hold(TrainingSlots* slots, int trainer, Need need)
        : slots_(slots), trainer_(trainer), need_(need) {}
    Hold(Hold&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)),
          trainer_(other.trainer_),
          need_(other.need_) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
      if (slots_ != nullptr) slots_->release(trainer_, need_);
    }

   private:
    TrainingSlots* slots_;
    int trainer_;
    Need need_;
  };
  /// kDeadline: no slot came free in time. Other errors are the store's.
  Async<Result<Hold>> hold(int trainer, Need need);

  /// After trainers got states of their own, from a checkpoint: each goes once through a slot, so
  /// that all count against the store's budget. Nothing else is held or waited for meanwhile.
  Async<Status> take_over();
  /// Waits for what is being moved. Before the object goes away, if anything was held.
  Async<void> stop();

  /// Since the beginning.
  [[nodiscard]] SwapCounts counts();

 private:
  struct Trainee;
  void release(int trainer, Need need);
  void plan_soon();
  void plan();
  [[nodiscard]] PolicyDemand demand(const Trainee& trainee) const;
  Async<void> bring(Trainee& trainee, Gate::Pass pass);
  Async<void> put(Trainee& trainee, Gate::Pass pass);
  Async<Status> bring_parts(Trainee& trainee);
  Async<Status> put_parts(Trainee& trainee);
  void fail_with(const Status& status);
  /// Adds `change` to a count that the clock goes by.
  void moved(int& count, int change);

  Executor& executor_;
  TierStore& store_;
  Setting setting_;
  std::vector<std::unique_ptr<Trainee>> trainees_;
  Signal changed_;
  Gate moves_;
  Status error_;
  SwapClock clock_;
  Workspaces spare_;       ///< of the policy that left last, for the next one
  bool planning_ = false;  ///< a plan is on its way
  Executor::TimerId timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace troupe
