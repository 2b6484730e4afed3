#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "experience/curation/task_history.h"

namespace troupe {

struct DifficultySettings {
  double target = 0.5;   ///< the success rate that is looked for, in [0, 1]
  double explore = 0.1;  ///< share of the places that is given away at random, in [0, 1]
};

/// Which `count` tasks of a window of candidates to launch: those whose predicted success rate is
/// nearest to the target, of equally near ones the first; but a share of the places goes to others
/// of the window, drawn uniformly. Indices into the window, ascending; all of it if it is no longer
/// than `count`. An `explore * count` that is not whole is met on average over seeds.
///
/// The prediction is TaskHistory::success_rate(): past rollouts of the same task, 0.5 for one that
/// was never seen, so that with a target of 0.5 new tasks come first. A function of its arguments:
/// give it the history at the start of the step, and a seed of the run's and the step.
/// Source of the aim: difficulty-targeted online data selection, arXiv 2506.05316, where the
/// prediction for unseen tasks comes from similar ones instead. With rewards 0 and 1 the variance
/// p (1 - p) within a group, and so the gradient, is largest at p = 0.5.
///
/// Bias: the tasks' distribution is no longer the one that the run is meant to do well on. Easy and
/// hopeless tasks are seen seldom, and since only what is seen changes its rate, a task that has
/// become feasible meanwhile is found by exploration alone.
std::vector<std::size_t> choose_tasks(const DifficultySettings& settings,
                                      std::span<const std::string> window, std::size_t count,
                                      const TaskHistory& history, std::uint64_t seed);

}  // namespace troupe
