#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/options.h"
#include "simulate/workload/chain.h"
#include "simulate/workload/traces/arrivals.h"
#include "troupe/result.h"

namespace troupe {

/// What a workload takes from a file (workload_files.h).
struct WorkloadData {
  std::vector<Arrival> rows;              ///< lengths = "trace"
  std::vector<std::vector<Chain>> tasks;  ///< lengths = "empirical": episodes, by task
};

/// Episodes of a team, as distributions. An episode is a function of its seed and its task, so that
/// whatever schedules are compared do the same work.
struct WorkloadOptions {
  std::string lengths = "lognormal";
  std::string trace;
  std::string from_run;
  std::int64_t turns = 6;  ///< most in an episode
  std::int64_t min_turns = 6;
  std::int64_t prompt_tokens = 400;
  std::int64_t observation_tokens = 100;
  double answer_median = 250;
  double answer_sigma = 0.6;
  std::int64_t answer_cap = 1500;
  double task_sigma = 0.4;
  double zipf = 1;
  std::int64_t hot_groups = 0;
  std::string tools = "none";
  double tool_scale = 1;
  double tool_mean = 10;
  double tool_sigma = 1;
  std::int64_t max_context = 16384;
  std::vector<double> agent_shares;
  std::vector<double> tool_quantiles;
  std::vector<int> speakers;                 ///< of each policy; empty: one each. Not an option
  std::shared_ptr<const WorkloadData> data;  ///< what the files hold; null: they were not read

  void declare(OptionSet& options);
  /// kInvalid: options that contradict each other or would do nothing.
  [[nodiscard]] Status check() const;
  /// Agents that a policy plays, or contexts that they have.
  [[nodiscard]] int speakers_of(int policy) const {
    const auto at = static_cast<std::size_t>(policy);
    return at < speakers.size() ? speakers[at] : 1;
  }
  [[nodiscard]] bool operator==(const WorkloadOptions&) const = default;
};

/// Tasks of one kind or two, in a fixed proportion and order.
struct WorkloadMix {
  WorkloadOptions main;
  WorkloadOptions other = {};
  double other_tasks = 0;  ///< share of the tasks

  /// 0: the task at this place is of `main`; 1: of `other`.
  [[nodiscard]] int kind(std::uint64_t place) const;
  [[nodiscard]] const WorkloadOptions& at(std::uint64_t place) const {
    return kind(place) == 0 ? main : other;
  }
};

/// The episode of this seed on the task at `place` of the order of the run that has `run_seed`.
///
/// Turns are drawn evenly from min_turns to turns. The agent of a turn is drawn by Zipf's law over
/// the ranks, and every `hot_groups` groups everyone's rank changes by one, so that another agent
/// is the hot spot. Answers are log-normal: a median, a factor of the task (its group's episodes
/// share it) and one of the answer, cut at the cap. A tool runs before each turn but the first:
/// of a table's quantiles, scaled, or of a normal distribution, at least 0. The episode ends early
/// where max_context would not hold a turn; an answer that has less room than its length is cut.
///
/// With a trace, each answer is that of a row of it, and the prompt that of a row that the task's
/// episodes share. With a run's own episodes, one of a task of theirs that the task here is mapped
/// to, as it was.
Chain draw_chain(const WorkloadOptions& options, int agents, std::uint64_t run_seed,
                 std::uint64_t place, std::uint64_t seed);

}  // namespace troupe
