#include "rollout/workflow/team_spec.h"

namespace troupe {
namespace {

/// Gives every agent of the team the reward of the environment's only agent.
class SharedReward final : public Environment {
 public:
  SharedReward(std::unique_ptr<Environment> inner, std::size_t agents)
      : inner_(std::move(inner)), agents_(agents) {}

  Result<Turn> reset(const Task& task, std::uint64_t seed) override {
    return inner_->reset(task, seed);
  }
  Result<Turn> step(const std::vector<Action>& actions) override { return inner_->step(actions); }
  Outcome outcome() const override {
    const Outcome own = inner_->outcome();
    Outcome out;
    out.success = own.success;
    if (own.rewards.size() == 1) out.rewards.assign(agents_, own.rewards.front());
    return out;  // no rewards: the episode reports what is wrong
  }
  Result<std::string> demonstrate(const Prompt& prompt, double noise, Rng& rng) const override {
    return inner_->demonstrate(prompt, noise, rng);
  }

 private:
  std::unique_ptr<Environment> inner_;
  std::size_t agents_;
};

class TeamSpec final : public EnvironmentSpec {
 public:
  TeamSpec(std::unique_ptr<EnvironmentSpec> inner, const Workflow& workflow)
      : inner_(std::move(inner)), workflow_(workflow) {}

  std::string name() const override { return inner_->name(); }
  std::string summary() const override { return inner_->summary(); }
  std::string optimum() const override { return inner_->optimum(); }
  void declare(OptionSet& options) override { inner_->declare(options); }
  Status prepare() override { return inner_->prepare(); }
  std::vector<std::string> agents() const override { return workflow_.agents(*inner_); }
  std::string alphabet() const override {
    std::string out = inner_->alphabet();
    if (out.empty()) return out;  // any text
    for (const char c : workflow_.alphabet()) {
      if (out.find(c) == std::string::npos) out += c;
    }
    return out;
  }
  std::optional<std::uint64_t> size(Split split) const override { return inner_->size(split); }
  Result<Task> task(Split split, std::uint64_t index) const override {
    return inner_->task(split, index);
  }
  std::unique_ptr<Environment> make() const override {
    return std::make_unique<SharedReward>(inner_->make(), agents().size());
  }
  int max_answer() const override { return inner_->max_answer(); }
  int max_turns() const override { return workflow_.max_turns(*inner_); }
  int contexts_per_agent() const override { return workflow_.contexts_per_agent(*inner_); }
  std::pair<double, double> reward_range() const override { return inner_->reward_range(); }
  std::optional<double> best_reward() const override { return inner_->best_reward(); }
  bool splits_overlap() const override { return inner_->splits_overlap(); }
  bool may_block() const override { return inner_->may_block(); }

 private:
  std::unique_ptr<EnvironmentSpec> inner_;
  const Workflow& workflow_;
};

}  // namespace

std::unique_ptr<EnvironmentSpec> make_team_spec(std::unique_ptr<EnvironmentSpec> inner,
                                                const Workflow& workflow) {
  return std::make_unique<TeamSpec>(std::move(inner), workflow);
}

}  // namespace troupe
