#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulate/soak/fault_plan.h"
#include "troupe/environment.h"

namespace troupe {

/// Whether the next call of an environment fails; draws for all environments of a life.
struct EnvironmentTrouble {
  Rng rng{1};
  double failing = 0;  ///< chance of a call to fail
  FaultCounts* counts = nullptr;

  Status next() {
    if (failing == 0 || rng.uniform() >= failing) return {};
    if (counts != nullptr) ++(*counts)["an environment fails"];
    return fail(ErrorCode::kUnavailable, "the environment's service does not answer");
  }
};

/// Another environment whose calls fail now and then for reasons of its own.
class FlakySpec final : public EnvironmentSpec {
 public:
  FlakySpec(std::unique_ptr<EnvironmentSpec> below, std::shared_ptr<EnvironmentTrouble> trouble)
      : below_(std::move(below)), trouble_(std::move(trouble)) {}

  std::string name() const override { return below_->name(); }
  std::string summary() const override { return below_->summary(); }
  std::string optimum() const override { return below_->optimum(); }
  void declare(OptionSet& options) override { below_->declare(options); }
  Status prepare() override { return below_->prepare(); }
  std::vector<std::string> agents() const override { return below_->agents(); }
  std::string alphabet() const override { return below_->alphabet(); }
  std::optional<std::uint64_t> size(Split split) const override { return below_->size(split); }
  Result<Task> task(Split split, std::uint64_t index) const override {
    return below_->task(split, index);
  }
  std::unique_ptr<Environment> make() const override {
    return std::make_unique<Flaky>(below_->make(), trouble_);
  }
  int max_answer() const override { return below_->max_answer(); }
  int max_turns() const override { return below_->max_turns(); }
  int contexts_per_agent() const override { return below_->contexts_per_agent(); }
  std::pair<double, double> reward_range() const override { return below_->reward_range(); }
  std::optional<double> best_reward() const override { return below_->best_reward(); }
  bool splits_overlap() const override { return below_->splits_overlap(); }
  std::shared_ptr<const ExactMetric> exact_metric() const override {
    return below_->exact_metric();
  }

 private:
  class Flaky final : public Environment {
   public:
    Flaky(std::unique_ptr<Environment> below, std::shared_ptr<EnvironmentTrouble> trouble)
        : below_(std::move(below)), trouble_(std::move(trouble)) {}
    Result<Turn> reset(const Task& task, std::uint64_t seed) override {
      TROUPE_TRY(trouble_->next());
      return below_->reset(task, seed);
    }
    Result<Turn> step(const std::vector<Action>& actions) override {
      TROUPE_TRY(trouble_->next());
      return below_->step(actions);
    }
    Outcome outcome() const override { return below_->outcome(); }
    Result<std::string> demonstrate(const Prompt& prompt, double noise, Rng& rng) const override {
      return below_->demonstrate(prompt, noise, rng);
    }

   private:
    std::unique_ptr<Environment> below_;
    std::shared_ptr<EnvironmentTrouble> trouble_;
  };

  std::unique_ptr<EnvironmentSpec> below_;
  std::shared_ptr<EnvironmentTrouble> trouble_;
};

}  // namespace troupe
