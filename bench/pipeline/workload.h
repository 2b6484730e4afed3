#pragma once

#include <cstdint>
#include <string>

#include "simulate/workload/planned_turn.h"
#include "troupe/environment.h"

namespace troupe::bench {

/// Tokens of an answer: log-normal, median 40, p99 ten times the median (sigma = ln 10 / 2.326),
/// cut at kLongestAnswer. That is how RL's response lengths are spread in ROLL Flash (arXiv
/// 2510.11345) and RollPacker (arXiv 2509.21009).
int answer_tokens(std::uint64_t seed);
constexpr int kLongestAnswer = 640;

/// What the two distributions are, from 100,000 values of each.
struct WorkloadNumbers {
  double answer_p50 = 0, answer_p99 = 0, answer_mean = 0;          ///< tokens
  double tool_p50 = 0, tool_p90 = 0, tool_p99 = 0, tool_mean = 0;  ///< seconds, before scaling
};
WorkloadNumbers workload_numbers();

/// What the bench plays: episodes of three turns, the second and third behind a tool. Everything is
/// drawn from the episode's seed, so all modes do the same work. Prompts are plans, for
/// PlannedWorkflow.
class WorkloadSpec final : public EnvironmentSpec {
 public:
  /// `time_scale`: seconds that stand for a second of the table.
  explicit WorkloadSpec(double time_scale) : time_scale_(time_scale) {}
  std::string name() const override { return "workload"; }
  std::string summary() const override { return "answers and tools of drawn lengths"; }
  std::string optimum() const override { return "none: rewards are drawn"; }
  void declare(OptionSet&) override {}
  Status prepare() override { return {}; }
  std::vector<std::string> agents() const override { return {"agent"}; }
  std::string alphabet() const override { return kPlanAlphabet; }
  std::optional<std::uint64_t> size(Split) const override { return std::nullopt; }
  Result<Task> task(Split, std::uint64_t index) const override {
    return Task{std::to_string(index), ""};
  }
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override { return kLongestAnswer; }
  int max_turns() const override { return kTurns; }
  std::pair<double, double> reward_range() const override { return {0.0, 1.0}; }

  static constexpr int kTurns = 3;

 private:
  double time_scale_;
};

}  // namespace troupe::bench
