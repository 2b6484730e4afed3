#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "experience/group.h"
#include "simulate/soak/violations.h"

namespace troupe {

/// What the trainers of a run were given, step by step, over all of its lives: the tester's own
/// account, which owes nothing to the experience store. Plain memory.
class Ledger {
 public:
  /// A row that was trained on: its id, and the agent that said it.
  using Sample = std::pair<std::string, std::string>;
  struct Step {
    std::set<Sample> samples;
    std::int64_t groups = 0;
    bool operator==(const Step&) const = default;
  };
  using Policies = std::map<std::string, std::map<std::int64_t, Step>>;

  /// A new life goes on after `steps` steps: what was trained on behind them is given out again.
  void restart(std::int64_t steps);
  /// Law "used twice": a policy took a step on these; none of them may be of another step.
  void stepped(const std::string& policy, std::int64_t step, Step trained, Violations& verdict);
  /// Law "every step": each policy has taken all of `steps` steps.
  void finished(const std::vector<std::string>& policies, std::int64_t steps,
                Violations& verdict) const;

  [[nodiscard]] const Policies& policies() const { return policies_; }
  /// Steps that the policy has ever come to, also in lives that were lost.
  [[nodiscard]] std::int64_t steps(const std::string& policy) const;
  [[nodiscard]] std::int64_t samples(const std::string& policy) const;

 private:
  Policies policies_;
  std::map<std::string, std::int64_t> furthest_;
};

}  // namespace troupe
