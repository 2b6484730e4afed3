#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/options.h"
#include "rollout/emulated/emulated_engine.h"
#include "rollout/pool/instance_link.h"
#include "simulate/workload/traces/synthetic_arrivals.h"
#include "troupe/result.h"

namespace troupe {

/// Instances that serve users, and lend to rollout what these leave of them.
struct ServingOptions {
  std::int64_t instances = 0;
  std::string lend = "slack";
  double kv_share = 0.6;
  double activate = 5;
  double ttft = 0.5;
  double tpot = 0.15;
  double rate = 1;
  double swing = 0.5;
  double burst_factor = 3;
  double prompt_median = 1020;
  double answer_median = 150;

  void declare(OptionSet& options);
  /// kInvalid: options that would do nothing.
  [[nodiscard]] Status check() const;
  [[nodiscard]] bool operator==(const ServingOptions&) const = default;
};

/// What users got.
struct ServingCounts {
  std::int64_t requests = 0;                  ///< answered
  std::int64_t over_ttft = 0, over_tpot = 0;  ///< of these, slower than the objectives
  std::vector<double> ttft, tpot;             ///< seconds, of each
  double kv_seconds = 0;   ///< share of the KV memory that users took, times seconds of an instance
  double seconds = 0;      ///< of all instances
  std::int64_t given = 0;  ///< times that an instance was taken back from rollout

  [[nodiscard]] double share_over_ttft() const {
    return ttft.empty() ? 0 : static_cast<double>(over_ttft) / static_cast<double>(ttft.size());
  }
  [[nodiscard]] double share_over_tpot() const {
    return tpot.empty() ? 0 : static_cast<double>(over_tpot) / static_cast<double>(tpot.size());
  }
  [[nodiscard]] double kv_share() const { return seconds > 0 ? kv_seconds / seconds : 0; }
};

/// A rollout engine on an instance that is not its own.
class LentEngine {
 public:
  /// `loads`: what loads of weights take, in seconds.
  LentEngine(std::shared_ptr<EmulatedEngine> engine, const CostModel& cost,
             std::function<double()> loads);
  /// Users have the device for so long, from the end of the step in progress on.
  void stall(double seconds);
  /// What a decode step takes now, with contexts half as long as was reserved; 0: nothing to do.
  [[nodiscard]] double step_seconds() const;

 private:
  std::shared_ptr<EmulatedEngine> engine_;
  CostModel cost_;
  std::int64_t room_;  ///< tokens
  std::shared_ptr<double> stall_ = std::make_shared<double>(0);
};

/// One instance that serves users (ROSE, arXiv 2605.06534), event by event: a step in progress
/// ends; then users' prompts are prefilled, in the order of arrival; then their answers decode
/// together. If rollout has the instance, too, it takes a step before the users' next one if after
/// it theirs still ends in time (lend = "slack"): within 0.9 of the objective from their last token
/// on, looked at before each step anew, so that what a prompt took of a token's time is not
/// rollout's. With "always" it takes at least one between two of theirs. Alone it has all of the
/// time. Both models lie in memory; rollout may fill `kv_share` of the rest. Lives on the strand.
class ServingInstance {
 public:
  ServingInstance(const ServingOptions& options, const EmulatedOptions& costs,
                  std::vector<Arrival> arrivals)
      : options_(options), costs_(costs), arrivals_(std::move(arrivals)) {}

  /// The engine that rollout has here; null: none.
  void lend(std::unique_ptr<LentEngine> engine) { rollout_ = std::move(engine); }
  [[nodiscard]] bool lent() const { return rollout_ != nullptr; }
  /// From `begin` to `end`, in seconds.
  void advance(double begin, double end, ServingCounts& counts);
  /// Share of the KV memory that users take.
  [[nodiscard]] double kv_use() const;

 private:
  struct Request {
    Arrival about;
    double first = 0;          ///< when its first token came
    std::int64_t sampled = 1;  ///< tokens
  };
  void arrive(double end);
  /// A prompt is waiting: its prefill from now on.
  void prefill(ServingCounts& counts);
  /// A token of each answer.
  void decode(double seconds, ServingCounts& counts);
  /// Whether rollout may take a step now, before one of the users that takes `own` seconds.
  [[nodiscard]] bool yields(double own, double rollout) const;
  [[nodiscard]] double step_seconds() const;

  const ServingOptions& options_;
  const EmulatedOptions& costs_;
  std::vector<Arrival> arrivals_;
  std::size_t next_ = 0;
  double again_ = 0;  ///< seconds by which a repeated trace is displaced
  std::vector<Request> waiting_, running_;
  std::unique_ptr<LentEngine> rollout_;
  double at_ = 0;           ///< until when what the device does is decided
  double last_ = 0;         ///< when users' last token came
  double between_ = 0;      ///< seconds of rollout since then
  double overlapping_ = 0;  ///< of a step of rollout, behind the end of what was advanced to
};

/// All of them. Takes an instance back at once where users need the room, and lends it again at the
/// next step of the run (ROSE: the budget is cut once, then frozen until the next RL step).
class ServingFleet {
 public:
  struct Pool {
    std::function<Result<int>()> join;  ///< one more rollout instance, by link(); its id
    std::function<void(int id)> leave;  ///< what is being sampled there goes on elsewhere
  };
  /// `costs` of an instance with both models; `seed` of the users' requests. kInvalid: the
  /// requests.
  static Result<std::unique_ptr<ServingFleet>> make(Executor& executor,
                                                    const ServingOptions& options,
                                                    const EmulatedOptions& costs,
                                                    std::uint64_t seed);
  void start(Pool pool);
  /// A step of the run begins.
  void new_step();
  /// The instance that is being joined; -1: none is.
  [[nodiscard]] int joining() const { return joining_; }
  /// Rollout's engine there, as a link for the pool.
  std::unique_ptr<InstanceLink> link(std::function<double()> loads, EmulatedEngine::Script script);
  [[nodiscard]] const ServingCounts& counts() const { return counts_; }

 private:
  ServingFleet(Executor& executor, const ServingOptions& options, const EmulatedOptions& costs)
      : executor_(executor), options_(options), costs_(costs) {}
  void tick();
  void join_after(std::size_t index, double seconds);

  Executor& executor_;
  ServingOptions options_;
  EmulatedOptions costs_;
  Pool pool_;
  std::vector<ServingInstance> instances_;
  std::vector<int> ids_;  ///< in the pool; -1: not lent; -2: on its way
  int joining_ = -1;
  ServingCounts counts_;
  double now_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace troupe
