#pragma once

#include "troupe/environment.h"

namespace troupe {

/// Guess a number: the multi-turn environment.
///
/// One agent "guesser", at most `turns` turns. A secret number lies in 1..`numbers`. The first
/// prompt is "?". The answer is a number in decimal; the teacher writes all numbers with as many
/// digits as `numbers` has ("07" for 31), and shorter forms count too ("7"). The next prompt is "<"
/// if the secret is smaller than the guess, ">" if it is larger, and "!" if the answer was no
/// number in range; that costs a turn as well.
/// Reward: 1 - 0.08 * (turn - 1) for a hit at the 1-based turn, else 0. Success: a hit.
/// Optimum: binary search, the most secrets hit at each turn: min(2^(k-1), what is left) at turn k.
/// For 31 numbers that is 129/31 = 4.16 turns and a mean reward of 0.7471 (best_reward()).
/// Tasks: there are only `numbers` of them, in a shuffled order, so both splits hold the same
/// secrets (splits_overlap()).
/// The noisy teacher guesses uniformly in 1..`numbers`, the clean one the middle of what is left.
class GuessSpec : public EnvironmentSpec {
 public:
  std::string name() const override { return "guess"; }
  std::string summary() const override {
    return "find a number by < and > (several turns, 1 agent)";
  }
  std::string optimum() const override;
  std::optional<double> best_reward() const override;
  bool splits_overlap() const override { return true; }
  void declare(OptionSet& options) override;
  Status prepare() override;
  std::vector<std::string> agents() const override { return {"guesser"}; }
  std::string alphabet() const override { return "0123456789?<>!"; }
  std::optional<std::uint64_t> size(Split) const override {
    return static_cast<std::uint64_t>(numbers_);
  }
  Result<Task> task(Split split, std::uint64_t index) const override;
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override;
  int max_turns() const override { return static_cast<int>(turns_); }
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }

 private:
  std::int64_t numbers_ = 31;
  std::int64_t turns_ = 6;
};

}  // namespace troupe
