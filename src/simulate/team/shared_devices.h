#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "rollout/emulated/emulated_engine.h"
#include "rollout/pool/instance_pool.h"
#include "simulate/costs/roofline.h"
#include "simulate/team/scale_down.h"
#include "simulate/team/slot_times.h"
#include "simulate/team/tail_lengths.h"

namespace troupe {

/// Devices of one policy that do both, rollout and training. Training computes with those that
/// rollout has left: none while it has all, all when the step's groups are complete.
///
///   micro_batch  half of the instances leave as ScaleDownRule says: by its test of room once a
///                step, by its test of time as often as it pays; backward of complete groups begins
///                on their devices, at their share of the speed. When nothing is left to generate
///                (a reward may be), training has all of them;
///   overlap      rollout stops when the step has its groups, all instances at once, and goes on
///                when the step is over.
///
/// What a leaving instance was generating goes on at another one from its last token, with its
/// cache computed again. It comes back, with the new weights, when the step is over; nobody goes on
/// before it has them.
///
/// The test of time is told what a live run knows: when each episode began and which have ended,
/// the costs of instances and training, the backward of the complete groups. Time is counted in
/// decode steps, as many as instances that share the answers equally make of it, so that an
/// answer's length does not depend on how many others there are; how long the rest will be is
/// guessed from those that have ended (TailLengths). Lives on the strand.
class SharedDevices {
 public:
  struct Setting {
    std::int64_t groups = 1;      ///< of a step
    std::int64_t group_size = 1;  ///< of a group
    std::int64_t room = 1;        ///< sequences that one instance holds
    Nanos load_time = 0;          ///< of new weights into an instance
    bool overlap = false;
    bool pays = false;  ///< the test of time instead of the one of room
    // For the test of time.
    CostModel cost;                 ///< of an instance
    TrainingCosts training;         ///< on all devices
    double prompt_tokens = 0;       ///< of an episode
    double longest_answer = 1e300;  ///< tokens that an episode can sample
  };
  /// Takes the instances that the pool has given ids 0 to `instances` - 1.
  SharedDevices(Executor& executor, InstancePool& pool, SlotTimes& times, int instances,
                Setting setting);

  /// One of the instances. Those that have gone are forgotten.
  void add(const std::shared_ptr<EmulatedEngine>& engine) { engines_.push_back(engine); }

  /// An episode of this task begins.
  void begun(std::uint64_t task);
  /// Its last answer is there.
  void generated(std::uint64_t task);
  /// A complete group came to the trainer, whose backward takes so many seconds on all devices.
  void complete_group(double seconds);
  /// The policy has made its step: rollout has all devices again.
  Async<Status> step_over();

  /// How often half of those that served have left, ever.
  [[nodiscard]] std::int64_t halvings() const { return halvings_; }

 private:
  /// A task of the step.
  struct Task {
    double began = 0;  ///< steps_ at the begin of its episodes
    std::int64_t begun = 0, done = 0;
    double steps = 0;  ///< of those that are done, all together
  };

  void leave(std::size_t count);
  /// Counts the decode steps and the backward since the last call.
  void pass();
  /// Whether half of those that serve are to leave now.
  [[nodiscard]] bool scales_down(std::int64_t wanted);
  [[nodiscard]] ScaleDownCase now() const;
  [[nodiscard]] bool generates(const Task& task) const {
    return task.done < std::min(task.begun, setting_.group_size);
  }

  Executor& executor_;
  InstancePool& pool_;
  SlotTimes& times_;
  std::vector<std::weak_ptr<EmulatedEngine>> engines_;
  Setting setting_;
  std::unique_ptr<RolloutEngine> rollout_;
  std::size_t all_;
  std::vector<int> serving_;  ///< ids
  std::int64_t done_ = 0, asked_ = 0, complete_ = 0;
  std::int64_t halvings_ = 0;

  // Of the step, for the test of time.
  std::map<std::uint64_t, Task> tasks_;
  std::vector<double> ended_;  ///< decode steps of the episodes that are done, ascending
  std::int64_t begun_ = 0;
  TailLengths before_;  ///< of the steps before
  Nanos passed_ = 0;    ///< until when steps_ and backlog_ are counted
  double steps_ = 0;    ///< decode steps since its begin
  double backlog_ = 0;  ///< seconds of backward on all devices that are due
};

}  // namespace troupe
