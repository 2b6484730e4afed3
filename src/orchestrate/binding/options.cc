#include "orchestrate/binding/options.h"

namespace troupe {

void TrainingOptions::declare(OptionSet& o) {
  o.add("slots", &slots,
        "How many policies may train at once; the others' training states wait in memory or on "
        "disk. Does not change the result. 0: each policy has a slot of its own.")
      .range(0, 1000);
  o.add(
       "memory_megabytes", &memory_megabytes,
       "Host memory for training states (optimizer moments, gradients summed up so far); what does "
       "not fit lies on disk. 0: no limit.")
      .range(0, 1e9);
  o.add("state_folder", &state_folder,
        "Where states lie on disk. Empty: `states` in the run's folder.");
}

}  // namespace troupe
