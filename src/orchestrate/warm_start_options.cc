#include "orchestrate/warm_start_options.h"

namespace troupe {

void WarmCourse::declare(OptionSet& o) {
  o.add("steps", &steps,
        "Supervised steps on demonstrations before RL. 0: none. The result is cached.")
      .range(0, 1e9);
  o.add("learning_rate", &learning_rate, "Peak learning rate; it decays linearly to a tenth.")
      .range(0, 1);
}

void WarmStartOptions::declare(OptionSet& o) {
  course.declare(o);
  o.add("batch", &batch, "Demonstrated episodes in a step.").range(1, 60000);
  o.add("noise", &noise, "Chance that a demonstrated answer is corrupted.").range(0, 1);
  o.add("cache", &cache,
        "Folder where warm starts are kept by the hash of all they depend on. Empty: none.");
}

}  // namespace troupe
