#pragma once

#include "troupe/environment.h"

namespace troupe {

/// Make a target from numbers.
///
/// One turn, one agent "solver". Prompt: the numbers and the target, e.g. "3,7,9=48>". Answer: an
/// expression that uses each number exactly once, e.g. "(9+7)*3". Reward: 1 if it has the target's
/// value, 0.1 if only the numbers are right, 0.05 if it is an expression at all, else 0.
/// Values are exact fractions. Success: the target's value. Optimum: 1.0 and 1.0, since every
/// target is reachable (an exhaustive search drew it).
/// Tasks: `count` numbers drawn uniformly from 1..`number_max`, then a target drawn uniformly from
/// those reachable in 1..`target_max`. 10% of all (sorted numbers, target), chosen by hash, are
/// held out. The clean teacher draws uniformly from all solutions in the canonical form of
/// solver.h; the noisy one gives a random expression over the right numbers in the same form,
/// rarely a right one.
class CountdownSpec : public EnvironmentSpec {
 public:
  std::string name() const override { return "countdown"; }
  std::string summary() const override {
    return "make a target from numbers with arithmetic (1 turn, 1 agent)";
  }
  std::string optimum() const override;
  std::optional<double> best_reward() const override { return 1.0; }
  void declare(OptionSet& options) override;
  Status prepare() override;
  std::vector<std::string> agents() const override { return {"solver"}; }
  std::string alphabet() const override;
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split split, std::uint64_t index) const override;
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override;
  int max_turns() const override { return 1; }
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] std::int64_t number_max() const { return number_max_; }
  [[nodiscard]] const std::string& operators() const { return operators_; }

 private:
  std::int64_t count_ = 3;
  std::int64_t number_max_ = 9;
  std::int64_t target_max_ = 99;
  std::string operators_ = "+-*";
};

/// What the solver is shown: "3,7,9=48>".
std::string countdown_prompt(const std::vector<std::int64_t>& numbers, std::int64_t target);

/// kInvalid unless `operators` is some of "+-*/", each at most once. `option` names it.
Status check_operators(const std::string& operators, const std::string& option);

}  // namespace troupe
