#pragma once

#include <deque>
#include <string>

#include "experience/curation/task_history.h"
#include "orchestrate/behaviour_average.h"
#include "orchestrate/run_observer.h"
#include "troupe/result.h"

namespace troupe {

/// What a run remembers besides its policies; travels in the checkpoint as JSON.
struct RunState {
  EvalReport warm_start;  ///< the evaluation before RL
  double best_success = -1;
  double best_reward = 0;
  std::int64_t best_step = -1;
  double warm_start_seconds = 0;
  std::int64_t place = 0;          ///< the prompt cursor: of the next step's first task
  std::deque<std::int64_t> queue;  ///< places of tasks that a tail policy put off
  TaskHistory history;             ///< kept where tasks are chosen by it
  double rl_seconds = 0;           ///< over all processes of the run
  BehaviourAverage average;        ///< of an environment with an exact measure

  [[nodiscard]] std::string to_json() const;
  static Result<RunState> from_json(const std::string& text);
};

}  // namespace troupe
