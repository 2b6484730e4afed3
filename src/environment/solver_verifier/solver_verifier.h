#pragma once

#include "environment/countdown/countdown.h"

namespace troupe {

/// A solver proposes answers to countdown tasks, a verifier says which of them to trust.
///
/// Agents "solver" and "verifier"; tasks and their split are those of countdown.h. Two variants:
///
/// select: the solver is prompted with the same task, e.g. "3,7,9=48>", in contexts 0..k-1, all in
/// one turn; then the verifier with each candidate in a context of its own, e.g. "(9+7)*3=48?". It
/// writes the value of each operation and its verdict, e.g. "16,48,y" (judgement.h). The team's
/// answer is the candidate that pick_judged() takes. k is `candidates` on training tasks and
/// `eval_candidates` on held-out ones.
///
/// retry: the solver answers once, the verifier judges. At a "y" the answer stands; else the solver
/// is shown the verdict, e.g. "n>", in the same context, and its second answer is the team's.
///
/// `mode` "single" leaves the verifier out: training is countdown with k independent samples. What
/// is taken on held-out tasks is `pick`: the verifier's choice, the first candidate (the only one
/// sampled then), the majority, or any (success if one of them is right: a bound on every picker).
/// Training tasks always have the verifier, if there is one. `held_out` keeps one of two halves of
/// the held-out problems, by hash of sorted numbers and target: settings are chosen on one and
/// reported on the other.
///
/// Rewards, 0 to 1: each context of the solver as in countdown (1, 0.1, 0.05, 0); each of the
/// verifier 1 for the right verdict, else 0; an agent's reward is the mean of its contexts. In
/// retry the solver's is that of the team's answer, and each answer's own goes to its turn.
/// Success: the team's answer is right. Optimum 1 and 1: every target is reachable. The teacher
/// solves and judges without fault; noise is the solver's alone: a corrupted proposal is the
/// nearest miss of a few random expressions over the right numbers, so that a demonstrated verifier
/// sees plausible errors and judges them rightly.
class SolverVerifierSpec : public EnvironmentSpec {
 public:
  std::string name() const override { return "solver_verifier"; }
  std::string summary() const override {
    return "countdown by a team: candidates, then verdicts that pick one (2 agents)";
  }
  std::string optimum() const override { return tasks_.optimum(); }
  std::optional<double> best_reward() const override { return 1.0; }
  void declare(OptionSet& options) override;
  Status prepare() override;
  std::vector<std::string> agents() const override;
  std::string alphabet() const override;
  std::optional<std::uint64_t> size(Split split) const override { return tasks_.size(split); }
  Result<Task> task(Split split, std::uint64_t index) const override;
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override;
  int max_turns() const override { return variant_ == "retry" ? 2 : 1; }
  int contexts_per_agent() const override;
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }

 private:
  /// The index-th held-out task of the half that was chosen.
  [[nodiscard]] Result<Task> held_out_task(std::uint64_t index) const;
  [[nodiscard]] bool retries() const { return variant_ == "retry"; }

  CountdownSpec tasks_;
  std::string variant_ = "select";
  std::string mode_ = "team";
  std::string pick_ = "auto";
  std::string held_out_ = "all";
  std::int64_t candidates_ = 4;
  std::int64_t eval_candidates_ = 8;
};

}  // namespace troupe
