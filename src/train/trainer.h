#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "model/lora.h"
#include "train/adamw.h"
#include "train/advantage_estimator.h"
#include "train/engine.h"
#include "train/group_gradient.h"
#include "train/options.h"
#include "train/swappable.h"

namespace troupe {

/// Everything about a policy's training that a checkpoint must hold besides its weights.
struct TrainerState {
  std::int64_t version = 0;
  std::int64_t optimizer_steps = 0;
  std::int64_t skips_in_row = 0;
  double entropy_coefficient = 0;
  std::vector<float> first, second;              ///< AdamW moments, in the weights' layout
  std::map<std::string, double> role_baselines;  ///< by agent
  CriticState critic;                            ///< no weights: there is none
};

/// A base that stays as it is, and the form of the adapter on it that is trained.
struct AdapterBase {
  std::shared_ptr<const Decoder> decoder;  ///< null: the whole model is trained
  LoraSettings settings;
};

/// Trains one policy: backward on complete groups as they come, at frozen weights; one optimizer
/// step when the global batch is in. The step's bits do not depend on the order of arrival. With an
/// adapter on a base, `weights` everywhere are the adapter's (lora.h), and so are the sizes of
/// gradients, sums and moments.
///
/// Lives on the strand; the arithmetic runs on workers. One step at a time: between the first
/// accumulate and the end of step() the weights do not change.
///
/// Its training state, the optimizer's moments and the gradients that were summed up so far, can be
/// taken away between two computations, also in the middle of a step; weights, their packed form
/// and the reference stay, because rollout reads them.
class Trainer final : public TrainEngine, public Swappable {
 public:
  Trainer(Executor& executor, std::string policy, OptimizerOptions optimizer,
          AlgorithmOptions algorithm, std::shared_ptr<const Weights> weights,
          Dtype dtype = Dtype::kFp32, AdapterBase base = {});

  /// Fixed numbers of the run: rollout temperature, the tokens of a full sample (for the normalizer
  /// "constant"), and the most tokens of one forward and backward pass.
  /// `recompute`: keep fewer activations and compute them again in the backward pass.
  void configure(float temperature, double full_sample_tokens, std::int64_t pack_tokens,
                 bool recompute = false);
  /// Each answer has an advantage of its own, from its return at this discount (advantage/turns.h).
  void compare_turns(double discount) { estimator_.compare_turns(discount); }
  /// The policy that KL is measured against; kept for the whole run. Null: none.
  void set_reference(std::shared_ptr<const Weights> reference);
  [[nodiscard]] std::shared_ptr<const Weights> reference_weights() const {
    return reference_weights_;
  }

  Async<Status> accumulate(std::shared_ptr<const Group> group) override;
  Async<Status> accumulate_supervised(std::shared_ptr<const Group> group) override;
  Async<Result<StepResult>> step(std::int64_t groups, double learning_rate) override;
  [[nodiscard]] Version version() const override { return version_; }

  [[nodiscard]] const std::string& policy() const { return policy_; }
  [[nodiscard]] std::shared_ptr<const Weights> weights() const { return weights_; }
  [[nodiscard]] std::shared_ptr<const Decoder> decoder() const { return decoder_; }
  [[nodiscard]] const AdapterBase& base() const { return base_; }
  [[nodiscard]] std::int64_t skips_in_row() const { return skips_in_row_; }
  [[nodiscard]] const OptimizerOptions& optimizer() const { return optimizer_options_; }

  /// Which incarnation its versions belong to.
  void set_timeline(const Timeline& timeline) {
    timeline_ = timeline;
    version_ = timeline_.at(version_.number);
  }

  [[nodiscard]] std::vector<StatePart> parts() const override;
  [[nodiscard]] bool fresh() const override;
  StateParts suspend(StateParts room) override;
  void resume(StateParts state) override;
  Workspaces give_workspaces() override;
  void take_workspaces(Workspaces workspaces) override;

  /// `whole`: the moments and the critic too; not while it is suspended.
  [[nodiscard]] TrainerState export_state(bool whole = true) const;
  /// Continues from a checkpoint, not while it is suspended; the moments must have the layout's
  /// size.
  Status import_state(TrainerState state, std::shared_ptr<const Weights> weights);
  /// A fresh optimizer on other weights, version 0 (after the warm start).
  void restart(std::shared_ptr<const Weights> weights);

 private:
  Async<void> run_group(std::shared_ptr<const Group> group, GradientJob job);
  void control_entropy(double entropy_per_token);
  [[nodiscard]] std::shared_ptr<const Decoder> pack(std::shared_ptr<const Weights> weights) const;
  [[nodiscard]] std::unique_ptr<TrainWorkspace> make_workspace() const;
  /// Whether it is what make_workspace() would make.
  [[nodiscard]] bool fits(const TrainWorkspace& workspace) const;
  void step_critic(bool taken, std::int64_t groups, double learning_rate);
  /// Adds all workspaces' sums up in the first's; the others' are empty afterwards.
  TrainWorkspace& merge_sums();
  /// The gradient of the batch, into the first workspace's; false if a sum was not finite. All sums
  /// are empty afterwards. `count`: what the batch's sum is divided by.
  bool sum_gradients(double count);
  void read_scaled(const BatchMoments& moments, double count, TrainWorkspace& total) const;

  Executor& executor_;
  std::string policy_;
  OptimizerOptions optimizer_options_;
  AlgorithmOptions algorithm_;
  std::shared_ptr<const Loss> loss_;
  BatchScaling scaling_;
  AdvantageEstimator estimator_;
  float temperature_ = 1.0F;
  double full_sample_tokens_ = 1;
  std::int64_t pack_tokens_ = 4096;
  Dtype dtype_;
  AdapterBase base_;
  bool recompute_ = false;
  std::shared_ptr<const Weights> weights_;
  std::shared_ptr<const Decoder> decoder_;
  std::shared_ptr<const Weights> reference_weights_;
  std::shared_ptr<const Decoder> reference_;
  AdamW adamw_;
  Timeline timeline_;
  Version version_;
  std::int64_t skips_in_row_ = 0;
  double entropy_coefficient_ = 0;
  Workspaces workspaces_;        ///< those not in use, of `slots_`
  int slots_ = 0;                ///< workspaces made so far, at most one per worker
  std::uint64_t sum_bytes_ = 0;  ///< of the sums that suspend() gave away; 0: none
  Signal slot_free_;
  bool supervised_ = false;               ///< what accumulates since the last step
  std::map<GroupKey, TokenStats> stats_;  ///< of the groups since the last step, in their order
  std::map<GroupKey, std::vector<BatchValue>> batch_values_;  ///< the same; empty without a scaling
};

}  // namespace troupe
