#pragma once

#include "troupe/environment.h"

namespace troupe {

/// Kuhn poker (Kuhn, "A simplified two-person poker", Contributions to the Theory of Games 1,
/// 1950): two agents against each other.
///
/// Cards J < Q < K; each of "player_0" and "player_1" antes 1 chip and gets one card. Moves are p
/// (pass: check, or fold to a bet) and b (bet 1 chip, or call a bet). player_0 begins and sees its
/// card: "K:". player_1 sees its card and the move before it: "Kp:" or "Kb:". After p, b player_0
/// is asked once more; its prompt is the bet, "b:", behind its card and its own p. The colon tells
/// the move of another in a prompt from an own one, so that one policy can play both. A fold loses
/// the ante; after p p, b b and p b b the higher card wins the pot: 1 chip, or 2 after a call.
/// Answer: exactly "p" or "b". Any other text forfeits the hand at the largest stake, 2 chips, so
/// that it is never better than a legal move.
/// Rewards: chips won, -2 to 2; they sum to 0. Success: the hand was played without a forfeit.
/// Optimum: a Nash equilibrium gives player_0 -1/18 a hand; exact_metric() tells how far a team is
/// from one. Tasks: the 6 deals, so both splits hold the same (splits_overlap()).
/// The teacher plays an equilibrium; with noise, uniformly p or b.
class KuhnSpec : public EnvironmentSpec {
 public:
  std::string name() const override { return "kuhn"; }
  std::string summary() const override {
    return "Kuhn poker (1 or 2 turns, 2 agents against each other, exact NashConv)";
  }
  std::string optimum() const override {
    return "NashConv 0, where player_0 wins -1/18 chips a hand; the mean reward is always 0";
  }
  std::optional<double> best_reward() const override { return 0.0; }
  bool splits_overlap() const override { return true; }
  void declare(OptionSet&) override {}
  Status prepare() override { return {}; }
  std::vector<std::string> agents() const override { return {"player_0", "player_1"}; }
  std::string alphabet() const override { return "JQKpb:"; }
  std::optional<std::uint64_t> size(Split) const override { return 6; }
  Result<Task> task(Split split, std::uint64_t index) const override;
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override { return 1; }
  int max_turns() const override { return 2; }
  std::pair<double, double> reward_range() const override { return {-2.0, 2.0}; }
  std::shared_ptr<const ExactMetric> exact_metric() const override;
};

}  // namespace troupe
