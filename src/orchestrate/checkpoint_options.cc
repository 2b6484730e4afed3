#include "orchestrate/checkpoint_options.h"

namespace troupe {

void CheckpointOptions::declare(OptionSet& o) {
  o.add("every", &every, "Write a checkpoint after every so many steps. 0: only at the end.")
      .range(0, 1e9);
  o.add("keep", &keep, "Checkpoints kept for a resume; the best one is kept besides.")
      .range(1, 1e6);
  o.add("keep_every", &keep_every,
        "Those after every so many steps are kept for good: a multiple of checkpoint.every. 0: "
        "none.")
      .range(0, 1e9);
  o.add("background", &background,
        "Write checkpoints while training goes on; it waits only while the optimizer's state is "
        "copied. false: it waits until they are on disk, and needs less memory.");
}

}  // namespace troupe
