#include "simulate/schedule_options.h"

#include <fmt/format.h>

#include "experience/admission.h"
#include "orchestrate/idle_parts.h"

namespace troupe {

void SimulatedRun::declare(OptionSet& o) {
  o.add("steps", &steps, "Optimizer steps that are simulated.").range(1, 1e6);
  o.add("groups", &groups, "Tasks in a step.").range(1, 1e6);
  o.add("group_size", &group_size, "Episodes of each task.").range(1, 1e5);
  o.add("seed", &seed, "All that is drawn follows from it.").range(0, 1e18);
  o.add("other_tasks", &other_tasks,
        "Share of the tasks that are of [other_workload] instead of [workload].")
      .range(0, 1);
}

void SimulatedPipeline::declare(OptionSet& o) {
  mode.declare(o);
  o.add("micro_batch", &micro_batch,
        "Complete groups that backward begins with, while the rest is still being generated.")
      .range(1, 1e6);
  o.add("tail", &tail, "How a step keeps its slowest episodes from holding it up.")
      .one_of({"none", "redundant_groups", "redundant_members", "tail_batching"});
  o.add("tail_factor", &tail_factor,
        "How many times as many groups or episodes are launched as a step needs, with a tail.")
      .range(1, 8);
  o.add("lockstep", &lockstep,
        "Episodes wait for each other at every turn, as where one turn of a whole batch is "
        "generated at a time.");
}

void SimulatedExperience::declare(OptionSet& o) {
  o.add("selection", &selection,
        "Which of the ready groups a step trains on: those that were admitted for it, the oldest "
        "version first, or whatever is complete. Others than admission are for mode overlap.")
      .one_of({"admission", "oldest_first", "arrival"});
}

Status check_schedule(const SimulatedRun& run, const SimulatedPipeline& pipeline,
                      const SimulatedExperience& experience) {
  if (pipeline.mode.mode != "overlap") {
    const ModeOptions standard;
    const std::string why = "pipeline.mode is \"" + pipeline.mode.mode + "\"";
    const std::string remedy = "set pipeline.mode = \"overlap\"";
    TROUPE_TRY(idle_if_given("pipeline.staleness", pipeline.mode.staleness, standard.staleness, why,
                             remedy));
    TROUPE_TRY(
        idle_if_given("pipeline.update", pipeline.mode.update, standard.update, why, remedy));
    TROUPE_TRY(idle_if_given("experience.selection", experience.selection,
                             SimulatedExperience().selection, why, remedy));
  } else {
    if (pipeline.tail != "none") {
      return fail(ErrorCode::kInvalid,
                  "pipeline.tail keeps staleness at 0, which mode = \"overlap\" has no need of; "
                  "choose one of them");
    }
    AdmissionSettings pace;
    pace.batch = run.groups;
    pace.staleness = pipeline.mode.staleness;
    const Status valid = validate(pace);
    if (!valid) return within("pipeline.staleness", valid.error());
  }
  if (pipeline.mode.mode == "barrier" && pipeline.micro_batch != 1) {
    return idle_if_given("pipeline.micro_batch", pipeline.micro_batch, std::int64_t{1},
                         "pipeline.mode is \"barrier\"", "set another mode");
  }
  if (pipeline.micro_batch > run.groups) {
    return fail(ErrorCode::kInvalid,
                fmt::format("pipeline.micro_batch = {} exceeds simulation.groups = {}",
                            pipeline.micro_batch, run.groups));
  }
  if (pipeline.tail == "none") {
    TROUPE_TRY(idle_if_given("pipeline.tail_factor", pipeline.tail_factor,
                             SimulatedPipeline().tail_factor, "pipeline.tail is \"none\"",
                             "choose a tail"));
  }
  return {};
}

}  // namespace troupe
