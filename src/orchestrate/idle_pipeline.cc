#include <algorithm>

#include "experience/admission.h"
#include "orchestrate/idle_parts.h"

namespace troupe {
namespace {

/// Refuses what makes the result depend on timing, unless the run file allows it.
Status check_timing(const std::string& key, const std::string& value, const std::string& why,
                    const std::string& instead) {
  return fail(ErrorCode::kInvalid,
              fmt::format("{} = {}: {}, so two runs of this file would differ: {}, or set "
                          "run.deterministic = false",
                          key, value, why, instead));
}

}  // namespace

/// What only overlap has, and what a policy's mode asks of the rest of the file.
Status check_mode(const std::string& table, const ModeOptions& m, const PolicyOptions& /*policy*/) {
  const ModeOptions standard;
  if (m.mode != "overlap") {
    const std::string why = table + ".mode is \"" + m.mode + "\"";
    const std::string remedy = "set " + table + ".mode = \"overlap\"";
    TROUPE_TRY(idle_if_given(table + ".staleness", m.staleness, standard.staleness, why, remedy));
    return idle_if_given(table + ".update", m.update, standard.update, why, remedy);
  }
  if (m.staleness > 0) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("{0}.staleness = 0 leaves nothing to overlap: raise it, or set {0}.mode = "
                  "\"micro_batch\"",
                  table));
}

Status check_pipeline(const RunOptions& o) {
  bool overlap = false;
  bool timed = false;  // by an option that is not deterministic
  for (const auto& policy : o.policies) {
    const ModeOptions& m = policy->pipeline;
    if (m.mode != "overlap") continue;
    overlap = true;
    AdmissionSettings pace;
    pace.batch = o.rollout.groups;
    pace.staleness = m.staleness;
    const Status valid = validate(pace);
    if (!valid) return within("pipeline.staleness", valid.error());
    if (m.update == "pin") continue;
    timed = true;
    if (o.run.deterministic) {
      return check_timing("pipeline.update", "\"" + m.update + "\"",
                          "which tokens the new weights sample depends on timing",
                          "set pipeline.update = \"pin\"");
    }
  }
  if (overlap && o.experience.store == "memory") {
    timed = true;
    if (o.run.deterministic) {
      return check_timing("experience.store", "\"memory\"",
                          "with mode = \"overlap\" a checkpoint has newer weights than those that "
                          "sampled groups of the next steps, and what a crash takes of these would "
                          "be sampled anew",
                          "set experience.store = \"disk\"");
    }
  }
  const std::string& tail = o.pipeline.tail;
  if (tail == "none") {
    TROUPE_TRY(idle_if_given("pipeline.tail_factor", o.pipeline.tail_factor,
                             PipelineOptions().tail_factor, "pipeline.tail is \"none\"",
                             "choose a policy for the tail"));
  } else {
    timed = true;
    if (o.run.deterministic) {
      return check_timing("pipeline.tail", "\"" + tail + "\"",
                          "which groups are complete first depends on timing",
                          "set pipeline.tail = \"none\"");
    }
    if (overlap) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("pipeline.tail = \"{}\" puts tasks off to keep staleness at 0, which "
                      "mode = \"overlap\" has no need of: what is not complete goes on into "
                      "the next step (experience.selection). Choose one of them",
                      tail));
    }
    if (o.experience.tasks != "order") {
      return fail(ErrorCode::kInvalid,
                  fmt::format("pipeline.tail = \"{}\" takes the tasks in their order: set "
                              "experience.tasks = \"order\"",
                              tail));
    }
    if (o.pipeline.tail_factor <= 1) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("pipeline.tail = \"{}\" would do nothing: pipeline.tail_factor is {}; "
                      "raise it",
                      tail, o.pipeline.tail_factor));
    }
  }
  if (o.experience.selection != "admission") {
    timed = true;
    for (const auto& policy : o.policies) {
      if (policy->pipeline.mode == "overlap") continue;
      return fail(
          ErrorCode::kInvalid,
          fmt::format("experience.selection = \"{}\" would do nothing for policy \"{}\": at "
                      "staleness 0 a step trains on all groups that it admits; set its "
                      "pipeline.mode = \"overlap\"",
                      o.experience.selection, policy->name));
    }
    if (o.run.deterministic) {
      return check_timing("experience.selection", "\"" + o.experience.selection + "\"",
                          "which groups are ready depends on timing",
                          "set experience.selection = \"admission\"");
    }
    if (o.experience.store == "memory") {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("experience.selection = \"{}\" takes groups out of their order, and a "
                      "resume finds out of the experience which have been used: set "
                      "experience.store = \"disk\"",
                      o.experience.selection));
    }
    if (o.experience.refill) {
      return fail(ErrorCode::kInvalid,
                  "experience.refill fills up the step that a group was admitted for: set "
                  "experience.selection = \"admission\"");
    }
  }
  if (overlap && o.experience.refill) {
    timed = true;
    if (o.run.deterministic) {
      return check_timing("experience.refill", "true",
                          "with mode = \"overlap\" the tasks that fill up a step are taken while "
                          "those of the next are admitted",
                          "set pipeline.mode = \"micro_batch\"");
    }
  }
  if (overlap && o.experience.tasks != "order") {
    return fail(ErrorCode::kInvalid,
                "experience.tasks = \"difficulty\" chooses a step's tasks by what the steps before "
                "it saw, which mode = \"overlap\" does not wait for: choose one of them");
  }
  if (o.run.deterministic || timed) return {};
  return fail(ErrorCode::kInvalid,
              "run.deterministic = false would do nothing: no other option lets timing change the "
              "result; remove it");
}

}  // namespace troupe
