#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "rollout/emulated/emulated_engine.h"
#include "rollout/pool/instance_pool.h"
#include "simulate/team/slot_times.h"

namespace troupe {

/// When half of the devices leave the rollout of a step for its training, a pure function: the
/// stream trainer's test (RollPacker, arXiv 2509.21009). Asked between 20% and 50% of the step's
/// answers, at each further 5%: what is left must fit the other half.
struct ScaleDownRule {
  static constexpr std::int64_t kFirst = 20, kLast = 50, kEvery = 5;  ///< percent

  /// Whether the rule is to be asked when `done` of `wanted` answers are there, and was last asked
  /// at `asked` of them.
  [[nodiscard]] static bool due(std::int64_t done, std::int64_t asked, std::int64_t wanted);
  /// `left`: sequences in the engines; `room`: that the instances which stay hold.
  [[nodiscard]] static bool fits(std::int64_t left, std::int64_t room) { return left <= room; }
};

/// Devices of one policy that do both, rollout and training. Training computes with those that
/// rollout has left: none while it has all, all when the step's groups are complete.
///
///   micro_batch  half of the instances leave as ScaleDownRule says, once a step; backward of
///                complete groups begins on their devices at half the speed;
///   overlap      rollout stops when the step has its groups, all instances at once, and goes on
///                when the step is over.
///
/// What a leaving instance was generating goes on at another one from its last token, with its
/// cache computed again. It comes back, with the new weights, when the step is over; nobody goes on
/// before it has them. Lives on the strand.
class SharedDevices {
 public:
  struct Setting {
    std::int64_t groups = 1;      ///< of a step
    std::int64_t group_size = 1;  ///< of a group
    std::int64_t room = 1;        ///< sequences that one instance holds
    Nanos load_time = 0;          ///< of new weights into an instance
    bool overlap = false;
  };
  /// Takes the instances that the pool has given ids 0 to `instances` - 1.
  SharedDevices(Executor& executor, InstancePool& pool, SlotTimes& times, int instances,
                Setting setting);

  /// One of the instances. Those that have gone are forgotten.
  void add(const std::shared_ptr<EmulatedEngine>& engine) { engines_.push_back(engine); }

  /// An episode's last answer is there.
  void generated();
  /// A complete group came to the trainer.
  void complete_group();
  /// The policy has made its step: rollout has all devices again.
  Async<Status> step_over();

  [[nodiscard]] std::int64_t halvings() const { return halvings_; }

 private:
  void leave(std::size_t count);

  Executor& executor_;
  InstancePool& pool_;
  SlotTimes& times_;
  std::vector<std::weak_ptr<EmulatedEngine>> engines_;
  Setting setting_;
  std::size_t all_;
  std::vector<int> serving_;  ///< ids
  std::int64_t done_ = 0, asked_ = 0, complete_ = 0;
  std::int64_t halvings_ = 0;
};

}  // namespace troupe
