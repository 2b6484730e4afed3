#include "orchestrate/eval_options.h"

namespace troupe {

void EvalOptions::declare(OptionSet& o) {
  o.add("every", &every, "Evaluate after every so many steps. 0: only at the start and the end.")
      .range(0, 1e9);
  o.add("episodes", &episodes, "Held-out episodes of an evaluation during the run.").range(1, 1e7);
  o.add("final_episodes", &final_episodes,
        "Held-out episodes of the evaluations before and after RL.")
      .range(1, 1e7);
  o.add("average_from", &average_from,
        "Share of run.steps after which policies join the average that an environment with an "
        "exact measure (kuhn) is measured at as well.")
      .range(0, 0.999);
  sampling.declare(o);
}

}  // namespace troupe
