#include "observe/observe_options.h"

namespace troupe {

void ObserveOptions::declare(OptionSet& options) {
  options
      .add("transcripts_every", &transcripts_every,
           "Steps between two transcript files; step 1 always has one.")
      .at_least(1);
  options
      .add("transcripts_per_step", &transcripts_per_step,
           "Episodes in a transcript file, solved and unsolved ones; 0 writes none.")
      .range(0, 1000);
  options
      .add("progress_seconds", &progress_seconds,
           "Seconds between two progress lines where the output is not a terminal.")
      .at_least(0);
  options.add("tensorboard", &tensorboard, "Write TensorBoard event files.");
  options.add("report", &report, "Write report.md and its chart at the end of the run.");
}

}  // namespace troupe
