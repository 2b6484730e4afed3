#include "experience/options.h"

namespace troupe {

void ExperienceOptions::declare(OptionSet& o) {
  o.add("store", &store,
        "Where samples are kept until a checkpoint includes them: \"disk\" (RUN/experience; a "
        "crash loses the last fraction of a second) or \"memory\" (a crash loses all since the "
        "last checkpoint). The result is the same, but for "
        "what a crash takes with pipeline.mode = \"overlap\".")
      .one_of({"disk", "memory"});
  o.add("flush_seconds", &flush_seconds,
        "How long a sample may wait to be written and synced together with others.")
      .range(0.001, 60);
  o.add("segment_megabytes", &segment_megabytes,
        "Size of a journal file, in MiB, before the next one begins.")
      .range(1, 65536);
  o.add("disk_timeout", &disk_timeout,
        "Seconds that a full or failing disk may hold up the run before it ends with an error. "
        "Nothing is lost either way.")
      .range(0.001, 1e6);
  o.add("refill", &refill,
        "Replace groups whose rewards are all equal, which give no gradient, with groups of the "
        "next tasks until the batch is full (DAPO's dynamic sampling).");
  o.add("refill_limit", &refill_limit,
        "With refill: the most groups that a step plays, in multiples of rollout.groups.")
      .range(1, 100);
  o.add(
       "selection", &selection,
       "Which of the ready groups a step trains on. admission: those that were admitted for it. "
       "oldest_first: those of the oldest version, whichever step they were admitted for; arrival: "
       "those that were complete first. The latter two need pipeline.mode = \"overlap\".")
      .one_of({"admission", "oldest_first", "arrival"});
  o.add("tasks", &tasks,
        "Which tasks a step plays: \"order\" (one after the other) or \"difficulty\" (of the next "
        "task_window times rollout.groups tasks those whose success rate so far is nearest to "
        "target_success; the others are passed over).")
      .one_of({"order", "difficulty"});
  o.add("task_window", &task_window,
        "With tasks = \"difficulty\": how many tasks there are for one "
        "that is played.")
      .range(2, 1000);
  o.add("target_success", &target_success,
        "With tasks = \"difficulty\": the success rate that is looked for. A task that was never "
        "played counts as 0.5.")
      .range(0, 1);
  o.add("explore", &explore,
        "With tasks = \"difficulty\": share of the groups that go to other tasks of the window, "
        "drawn at random.")
      .range(0, 1);
}

}  // namespace troupe
