#pragma once

#include <algorithm>
#include <functional>

#include "simulate/workload/workload.h"
#include "troupe/environment.h"

namespace troupe {

/// The name of the agent `speaker` of the policy of this index; that of the first one is also the
/// policy's.
std::string agent_name(int policy, int speaker = 0);

/// A workload as an environment: each prompt has as many characters as the agent has not heard yet
/// and ends with the plan of the turn (planned_turn.h); with a tokenizer of a token a character,
/// contexts have the chain's lengths. Rewards are drawn from the episode's seed. For
/// PlannedWorkflow and a script that answers by plan.
class WorkloadEnvironment final : public EnvironmentSpec {
 public:
  /// Hears of each episode when it begins; once for each time that it is played.
  using OnEpisode = std::function<void(std::uint64_t place, const Chain&)>;

  WorkloadEnvironment(WorkloadMix options, int agents, std::uint64_t run_seed, OnEpisode hears)
      : options_(std::move(options)), agents_(agents), seed_(run_seed), hears_(std::move(hears)) {
    for (int a = 0; a < agents_; ++a) {
      for (int i = 0; i < options_.main.speakers_of(a); ++i) names_.push_back(agent_name(a, i));
    }
  }

  std::string name() const override { return "workload"; }
  std::string summary() const override { return "episodes of drawn lengths"; }
  std::string optimum() const override { return "none: rewards are drawn"; }
  void declare(OptionSet&) override {}
  Status prepare() override { return {}; }
  std::vector<std::string> agents() const override { return names_; }
  std::string alphabet() const override;
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split, std::uint64_t index) const override {
    return Task{std::to_string(index), ""};
  }
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override {
    return static_cast<int>(std::max(options_.main.answer_cap, options_.other.answer_cap));
  }
  int max_turns() const override {
    return static_cast<int>(std::max(options_.main.turns, options_.other.turns));
  }
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }

 private:
  WorkloadMix options_;
  int agents_;
  std::vector<std::string> names_;  ///< asked for in each episode
  std::uint64_t seed_;
  OnEpisode hears_;
};

}  // namespace troupe
