#pragma once

#include "troupe/environment.h"

namespace troupe {

/// Sort letters: the smallest environment, and the one to copy (docs/adding-an-environment.md).
///
/// One turn, one agent "sorter". Prompt: letters and '>', e.g. "dbca>". Answer: the same letters in
/// ascending order, "abcd". Reward in [0, 2]: the share of right positions, against the longer of
/// the two lengths, plus 1 if exact. Success: exact. Optimum: 2 and 1.0, by sorting.
/// Tasks: letters drawn uniformly; 10% of all prompts, chosen by hash, are held out.
/// The noisy teacher gives the right letters in a random order.
class SortSpec : public EnvironmentSpec {
 public:
  std::string name() const override { return "sort"; }
  std::string summary() const override { return "put letters in order (1 turn, 1 agent)"; }
  std::string optimum() const override;
  std::optional<double> best_reward() const override { return 2.0; }
  void declare(OptionSet& options) override;
  Status prepare() override;
  std::vector<std::string> agents() const override { return {"sorter"}; }
  std::string alphabet() const override;
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split split, std::uint64_t index) const override;
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override { return static_cast<int>(length_max_); }
  int max_turns() const override { return 1; }
  std::pair<double, double> reward_range() const override { return {0.0, 2.0}; }

 private:
  std::int64_t letters_ = 10;
  std::int64_t length_min_ = 6;
  std::int64_t length_max_ = 6;
};

}  // namespace troupe
