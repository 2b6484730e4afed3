#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "orchestrate/binding/slotted_trainer.h"
#include "train/trainer.h"

namespace troupe::bench {

/// What all variants of the team have in common.
struct TeamOptions {
  int policies = 8;
  std::int64_t parameters = 10'000'000;  ///< of each policy, about
  int groups = 4;                        ///< of a step
  int rows = 4;                          ///< of a group
  int tokens = 128;                      ///< of a row
  std::string folder;                    ///< of states on disk; made and removed
};

/// How a team trains: 0 slots, each policy by itself with its state in place; or so many slots,
/// with host memory for so many states (0: all).
struct Variant {
  std::string name;
  int slots = 0;
  int states = 0;
};

/// What one step of a whole team took.
struct TeamStep {
  double seconds = 0;
  SwapCounts swaps;  ///< of this step
};

/// A team of real trainers on random rows of tokens, of which all groups of a step are there at
/// once: nothing but other policies' computation can hide a swap.
class TrainingTeam {
 public:
  static Result<std::unique_ptr<TrainingTeam>> make(Executor& executor, Disk& disk,
                                                    const TeamOptions& options,
                                                    const Variant& variant);
  ~TrainingTeam();

  /// Backward passes of all groups and the optimizer step of every policy.
  Async<Result<TeamStep>> step();
  /// Seconds that one policy's swap takes when nobody hides it: its state to disk, and back.
  Async<Result<double>> swap_alone();
  /// Waits for what is being moved; before the object goes away.
  Async<void> stop();
  /// Digest of all weights.
  [[nodiscard]] std::string digest() const;
  /// Of one policy's moments.
  [[nodiscard]] std::uint64_t state_bytes() const;
  /// The most that states took up in host memory at once; 0 without slots.
  [[nodiscard]] std::uint64_t peak_bytes() const;

 private:
  struct Member {
    std::unique_ptr<Trainer> trainer;
    std::unique_ptr<SlottedTrainer> slotted;
    Status status;
    [[nodiscard]] TrainEngine& engine() {
      if (slotted) return *slotted;
      return *trainer;
    }
  };
  TrainingTeam(Executor& executor, TeamOptions options)
      : executor_(executor), options_(std::move(options)) {}
  Async<void> accumulate(Member& member, std::shared_ptr<const Group> group, Gate::Pass pass);
  Async<void> train(Member& member, int index, Gate::Pass pass);
  [[nodiscard]] std::shared_ptr<const Group> group(int member, int index) const;

  Executor& executor_;
  TeamOptions options_;
  std::shared_ptr<TierStore> store_;
  std::unique_ptr<TrainingSlots> slots_;
  std::vector<std::unique_ptr<Member>> members_;
  std::int64_t steps_ = 0;
};

}  // namespace troupe::bench
