#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "experience/admission.h"
#include "experience/curation/refill.h"
#include "orchestrate/binding/slotted_trainer.h"
#include "orchestrate/pipeline_options.h"
#include "orchestrate/policy_start.h"
#include "orchestrate/run_options.h"
#include "orchestrate/shared_bases.h"
#include "rollout/episode.h"
#include "rollout/pool/instance_pool.h"
#include "train/advantage/settings.h"
#include "train/loss/overlong.h"
#include "train/trainer.h"
#include "versions/checkpoint.h"

namespace troupe {

/// What the pipeline needs of one policy; the i-th lane is of the store's i-th policy. Tests put
/// scripted engines here.
struct PolicyLane {
  std::string policy;
  std::vector<std::string> agents;
  RolloutEngine* rollout = nullptr;
  TrainEngine* train = nullptr;
  AdvantageSettings advantage = {};
  std::uint64_t group_bytes = 0;  ///< the most that a group's experience can hold
  PipelineMode mode = PipelineMode::kMicroBatch;
  OverlongShaping overlong{};
  double staleness = 0;  ///< overlap: how far rollout may run ahead, in versions
  WeightUpdate update = WeightUpdate::kPin;
  /// Hands the trainer's weights to the engine. Null (scripted engines): only the version.
  std::function<Status(InFlight)> publish = {};

  /// How its groups are admitted, with so many in a step.
  [[nodiscard]] AdmissionSettings admission(std::int64_t groups) const {
    AdmissionSettings out;
    out.batch = groups;
    out.staleness = staleness;
    return out;
  }
  /// True if a group's version is chosen at its admission.
  [[nodiscard]] bool pins() const {
    return mode == PipelineMode::kOverlap && update == WeightUpdate::kPin;
  }
};

/// One policy of a live run: its tokenizer, trainer, engine and experience.
struct PolicyRuntime {
  const PolicyOptions* options = nullptr;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatFormat> chat;   ///< none: prompts are plain text
  int max_answer = 0;                       ///< tokens
  int max_context = 0;                      ///< tokens
  std::shared_ptr<const StopRule> stop;     ///< null: the end token alone ends answers
  std::uint64_t group_bytes = 0;            ///< the most that a group's experience can hold
  std::shared_ptr<SharedBases::Base> base;  ///< of an adapter; null: the whole model is trained
  std::unique_ptr<Trainer> trainer;
  std::unique_ptr<SlottedTrainer>
      slotted;  ///< the trainer, on a slot that it shares; null: its own
  std::unique_ptr<RolloutEngine> engine;

  /// What a checkpoint holds of its trainer, copied on a worker; `whole`: the optimizer's moments
  /// and the critic too. A state that is away is brought in.
  Async<Result<TrainerState>> export_state(Executor& executor, bool whole) const;
  /// What computes the policy's gradients and steps.
  [[nodiscard]] TrainEngine& train_engine() const {
    if (slotted) return *slotted;
    return *trainer;
  }
};

/// What a checkpoint of a policy says of its form: whole model or adapter, and of which base.
AdapterForm adapter_form(const PolicyRuntime& policy);
/// kInvalid if weights that were saved with `form` are not the policy's to load.
Status check_form(const PolicyRuntime& policy, const AdapterForm& form);

/// All policies of a run and who plays whom. Lives on the strand.
class Team {
 public:
  /// Makes every policy: from its base checkpoint, or new by seed.
  static Result<std::unique_ptr<Team>> make(Executor& executor, Disk& disk,
                                            const RunOptions& options);

  [[nodiscard]] std::vector<std::unique_ptr<PolicyRuntime>>& policies() { return policies_; }
  [[nodiscard]] const std::vector<std::unique_ptr<PolicyRuntime>>& policies() const {
    return policies_;
  }
  /// Who speaks with what, sampling as [rollout] or as [eval] says.
  [[nodiscard]] AgentBindings training_bindings() const { return bindings(training_); }
  [[nodiscard]] AgentBindings evaluation_bindings() const { return bindings(evaluation_); }
  [[nodiscard]] std::vector<PolicyLane> lanes() const;
  /// What serves the policies; null: each has an engine of its own.
  [[nodiscard]] const InstancePool* instances() const { return instances_.get(); }
  /// The trainers share training.slots slots from now on, if the run file says so; `folder`: of the
  /// run. What lies in its folder of states is of an earlier process and goes.
  Status share_slots(Executor& executor, Disk& disk, const RunOptions& options,
                     const std::string& folder);
  /// Ends the sharing: waits for what is being moved, and removes the states on disk.
  Async<void> end_slots(Disk& disk);
  /// Null: each has a slot of its own.
  [[nodiscard]] TrainingSlots* slots() const { return slots_.get(); }
  /// Where the states of trainers without a slot lie; null: each has a slot of its own.
  [[nodiscard]] const TierStore* states() const { return states_.get(); }
  /// What moving training states has cost so far.
  [[nodiscard]] SwapCounts swaps() const { return slots_ ? slots_->counts() : SwapCounts(); }
  /// Every engine serves its trainer's version from now on.
  Status publish();
  /// Digest of all policies' weights, in order.
  [[nodiscard]] std::string weights_digest() const;

 private:
  [[nodiscard]] AgentBindings bindings(const SamplingSettings& sampling) const;

  std::unique_ptr<InstancePool> instances_;  ///< none: each policy has an engine of its own
  std::vector<std::unique_ptr<PolicyRuntime>> policies_;
  std::string state_folder_;
  std::shared_ptr<TierStore> states_;  ///< of the trainers that have no slot
  std::unique_ptr<TrainingSlots> slots_;
  SamplingSettings training_, evaluation_;
};

/// What a policy computes in.
Dtype policy_dtype(const PolicyOptions& policy);
/// The instruction set that a run's bits belong to on this machine.
const char* run_isa(const RunOptions& options);

/// The most rows that one episode gives a policy: one for each of its agents and contexts.
std::int64_t rows_per_episode(const RunOptions& options, const PolicyOptions& policy);

/// The most bytes that the experience of one group of a policy can hold.
std::uint64_t group_bytes(const RunOptions& options, const PolicyOptions& policy, int max_context);
/// How a step replaces groups without a gradient; limit 1: not at all.
RefillSettings refill_settings(const RunOptions& options);
/// The most groups that a step launches.
std::int64_t launch_cap(const RunOptions& options);
/// Whether the experience of a step fits rollout.experience_megabytes; kInvalid if not.
Status check_experience(const RunOptions& options, const PolicyOptions& policy, int max_context);

}  // namespace troupe
