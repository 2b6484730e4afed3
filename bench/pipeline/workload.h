#pragma once

#include <cstdint>
#include <string>

#include "rollout/episode.h"

namespace troupe::bench {

/// One turn of an episode: first a tool runs, which no worker has a part in, then the agent answers
/// with exactly so many tokens.
struct PlannedTurn {
  int tokens = 1;
  double tool_seconds = 0;
};

/// Tokens of an answer: log-normal, median 40, p99 ten times the median (sigma = ln 10 / 2.326),
/// cut at kLongestAnswer. That is how RL's response lengths are spread in ROLL Flash (arXiv
/// 2510.11345) and RollPacker (arXiv 2509.21009).
int answer_tokens(std::uint64_t seed);
constexpr int kLongestAnswer = 640;

/// Seconds that a tool takes, before they are scaled: p50 0.3, p90 13.6, 96.03% within a minute,
/// p99 216, as TraceLab published of 432,510 calls of coding agents; the longest is an hour, which
/// gives its mean of 18.4. Between these the logarithm is linear. No log-normal has such quantiles.
double tool_seconds(double quantile);

/// What the two distributions are, from 100,000 values of each.
struct WorkloadNumbers {
  double answer_p50 = 0, answer_p99 = 0, answer_mean = 0;          ///< tokens
  double tool_p50 = 0, tool_p90 = 0, tool_p99 = 0, tool_mean = 0;  ///< seconds, before scaling
};
WorkloadNumbers workload_numbers();

/// What the bench plays: episodes of three turns, the second and third behind a tool. Everything is
/// drawn from the episode's seed, so all modes do the same work. The prompt says the plan:
/// ">tokens:microseconds".
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
  std::string alphabet() const override { return "0123456789:>"; }
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

/// What a prompt says; the prompt is the end of `text`.
PlannedTurn planned(const std::string& text);

/// Plays a WorkloadSpec: waits for the tool on the clock, then lets the agent answer.
Async<Result<Outcome>> with_tools(Episode& episode, Task task);

}  // namespace troupe::bench
