#include "orchestrate/idle_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "orchestrate/idle_parts.h"
#include "train/advantage/settings.h"

namespace troupe {
namespace {

/// What a workflow that forks takes for granted.
Status check_branches(const RunOptions& o) {
  for (const auto& policy : o.policies) {
    const AdvantageSettings advantage = advantage_settings(policy->algorithm);
    if (o.workflow->name() != "per_turn" || o.rollout.group_size == 1 ||
        advantage.group_by != AdvantageSettings::GroupBy::kAgentTurn ||
        o.environment->max_turns() == 1) {
      continue;
    }
    return fail(ErrorCode::kInvalid,
                fmt::format("workflow.name = \"per_turn\" and algorithm.group_by = \"agent_turn\" "
                            "need rollout.group_size = 1 where there are several turns: the {} "
                            "episodes of a group come to other prompts",
                            o.rollout.group_size));
  }
  return {};
}

Status check_rollout(const RunOptions& o) {
  TROUPE_TRY(check_trainable(o.rollout.sampling));
  for (const auto& policy : o.policies) {
    const AdvantageSettings advantage = advantage_settings(policy->algorithm);
    const bool alone =
        advantage.group_by != AdvantageSettings::GroupBy::kTask || policy->agents.size() == 1;
    if (o.rollout.group_size > 1 || !alone || o.workflow->compares_branches() ||
        !compares_within_group(advantage.kind))
      continue;
    return fail(ErrorCode::kInvalid,
                "rollout.group_size = 1 would train nothing: a group's only episode has none to be "
                "compared with, so its advantage is 0; use 2 or more");
  }
  TROUPE_TRY(check_branches(o));
  if (o.pipeline.micro_batch > o.rollout.groups) {
    return fail(ErrorCode::kInvalid,
                fmt::format("pipeline.micro_batch = {} is more than the {} groups of a step: use "
                            "at most rollout.groups",
                            o.pipeline.micro_batch, o.rollout.groups));
  }
  return {};
}

Status check_warm_course(const std::string& table, const WarmCourse& w,
                         const PolicyOptions& /*policy*/) {
  // With steps = 0 the stage is off, and the rest of its table waits for it to be on again.
  if (w.steps == 0 || w.learning_rate > 0) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("{0}.learning_rate = 0 would teach nothing: raise it, or set {0}.steps = 0",
                  table));
}

Status check_exact_metric(const RunOptions& o) {
  if (o.environment->exact_metric() == nullptr) {
    return idle_if_given("eval.average_from", o.eval.average_from, EvalOptions().average_from,
                         "environment " + o.environment_name + " has no exact measure",
                         "choose kuhn");
  }
  if (o.rollout.stop.empty()) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("rollout.stop and the exact measure of environment {} do not go together: "
                  "it cannot count what may stand before a stop text; use "
                  "rollout.stop_tokens",
                  o.environment_name));
}

Status check_versions(const VersionsOptions& v) {
  if (v.publish) return {};
  const VersionsOptions standard;
  const std::string why = "versions.publish is false";
  const std::string remedy = "set versions.publish = true";
  TROUPE_TRY(
      idle_if_given("versions.anchor_every", v.anchor_every, standard.anchor_every, why, remedy));
  TROUPE_TRY(idle_if_given("versions.keep", v.keep, standard.keep, why, remedy));
  return idle_if_given("versions.keep_megabytes", v.keep_megabytes, standard.keep_megabytes, why,
                       remedy);
}

Status check_experience_options(const ExperienceOptions& e, bool publish) {
  const ExperienceOptions standard;
  if (e.store == "memory") {
    const std::string why = "experience.store is \"memory\"";
    const std::string remedy = "set experience.store = \"disk\"";
    TROUPE_TRY(idle_if_given("experience.flush_seconds", e.flush_seconds, standard.flush_seconds,
                             why, remedy));
    TROUPE_TRY(idle_if_given("experience.segment_megabytes", e.segment_megabytes,
                             standard.segment_megabytes, why, remedy));
    if (!publish) {
      TROUPE_TRY(idle_if_given("experience.disk_timeout", e.disk_timeout, standard.disk_timeout,
                               why, remedy));
    }
  }
  if (e.tasks == "order") {
    const std::string why = "experience.tasks is \"order\"";
    const std::string remedy = "set experience.tasks = \"difficulty\"";
    TROUPE_TRY(
        idle_if_given("experience.task_window", e.task_window, standard.task_window, why, remedy));
    TROUPE_TRY(idle_if_given("experience.target_success", e.target_success, standard.target_success,
                             why, remedy));
    TROUPE_TRY(idle_if_given("experience.explore", e.explore, standard.explore, why, remedy));
  } else if (e.refill) {
    return fail(
        ErrorCode::kInvalid,
        "experience.refill = true and experience.tasks = \"difficulty\" do not go together: "
        "refill takes the tasks in their order; choose one of them");
  }
  if (e.refill && e.refill_limit == 1) {
    return fail(
        ErrorCode::kInvalid,
        "experience.refill = true would do nothing: experience.refill_limit is 1; raise it");
  }
  if (e.refill) return {};
  return idle_if_given("experience.refill_limit", e.refill_limit, standard.refill_limit,
                       "experience.refill is false", "set experience.refill = true");
}

Status check_checkpoints(const RunOptions& o) {
  const CheckpointOptions& c = o.checkpoint;
  if (c.keep_every == 0) return {};
  if (c.every == 0 || c.keep_every > o.run.steps) {
    return idle_if_given("checkpoint.keep_every", c.keep_every, CheckpointOptions().keep_every,
                         c.every == 0 ? "checkpoint.every is 0"
                                      : fmt::format("the run has only {} steps", o.run.steps),
                         c.every == 0 ? "set checkpoint.every" : "lower it");
  }
  if (c.keep_every % c.every == 0) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("checkpoint.keep_every = {} is no multiple of checkpoint.every = {}: there "
                  "would be no checkpoint to keep after those steps; use {}",
                  c.keep_every, c.every, (c.keep_every / c.every + 1) * c.every));
}

Status check_optimizer(const std::string& table, const OptimizerOptions& p,
                       const PolicyOptions& /*policy*/) {
  if (p.schedule != "constant") return {};
  return idle_if_given(table + ".final_rate", p.final_rate, OptimizerOptions().final_rate,
                       table + ".schedule is \"constant\"", "choose linear or cosine");
}

Status check_lora(const std::string& table, const ModelOptions& m) {
  const ModelOptions standard;
  if (m.lora_rank == 0) {
    const std::string why = table + ".lora_rank is 0";
    const std::string remedy = "set " + table + ".lora_rank";
    TROUPE_TRY(
        idle_if_given(table + ".lora_alpha", m.lora_alpha, standard.lora_alpha, why, remedy));
    TROUPE_TRY(idle_if_given(table + ".lora_rule", m.lora_rule, standard.lora_rule, why, remedy));
    return idle_if_given(table + ".lora_targets", m.lora_targets, standard.lora_targets, why,
                         remedy);
  }
  if (m.base.empty()) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{0}.lora_rank = {1}: an adapter needs a base that outlives the run: set "
                    "{0}.base, or {0}.lora_rank = 0",
                    table, m.lora_rank));
  }
  const auto settings = m.lora();
  return settings ? Status() : within(table, settings.error());
}

Status check_model(const std::string& table, const ModelOptions& m,
                   const PolicyOptions& /*policy*/) {
  TROUPE_TRY(check_lora(table, m));
  if (m.chat == "none") {
    TROUPE_TRY(idle_if_given(table + ".system", m.system, std::string(),
                             table + ".chat is \"none\"", "set " + table + ".chat"));
  }
  if (!m.base.empty()) return {};
  if (m.chat != "none") {
    return fail(ErrorCode::kInvalid,
                fmt::format("{0}.chat = \"{1}\" needs a chat model: a new model has a tokenizer of "
                            "single symbols, without the tokens of a chat; set {0}.base or leave "
                            "{0}.chat at \"none\"",
                            table, m.chat));
  }
  return idle_if_given(table + ".end_token", m.end_token, std::string(),
                       "a new model has an end token of its own", "set " + table + ".base");
}

/// Checks one table of options for every policy, beside the rest of the policy's options. What a
/// policy takes over from the common table is idle only if it is so for all.
template <class Table>
Status check_tables(const RunOptions& o, const std::string& name, const Table& common,
                    Table PolicyOptions::*own,
                    Status (*check)(const std::string& table, const Table& options,
                                    const PolicyOptions& policy)) {
  std::size_t idle = 0;
  for (const auto& policy : o.policies) {
    const Table& table = (*policy).*own;
    const Status status = check(fmt::format("policy.{}.{}", policy->name, name), table, *policy);
    if (status) continue;
    if (!(table == common)) return status;
    ++idle;
  }
  return idle == o.policies.size() ? check(name, common, *o.policies.front()) : Status();
}

}  // namespace

Status check_idle_options(const RunOptions& o) {
  TROUPE_TRY(check_rollout(o));
  TROUPE_TRY(o.reward.check(o.environment->agents()));
  TROUPE_TRY(check_credit(o));
  TROUPE_TRY(check_comparisons(o));
  TROUPE_TRY(check_tables(o, "warm_start", o.warm_start.course, &PolicyOptions::warm_start,
                          check_warm_course));
  TROUPE_TRY(check_exact_metric(o));
  TROUPE_TRY(check_experience_options(o.experience, o.versions.publish));
  TROUPE_TRY(check_versions(o.versions));
  TROUPE_TRY(check_checkpoints(o));
  TROUPE_TRY(check_tables(o, "model", o.model, &PolicyOptions::model, check_model));
  TROUPE_TRY(check_tables(o, "pipeline", o.pipeline.mode, &PolicyOptions::pipeline, check_mode));
  TROUPE_TRY(check_pipeline(o));
  TROUPE_TRY(check_instances(o));
  TROUPE_TRY(check_training(o));
  TROUPE_TRY(check_tables(o, "optimizer", o.optimizer, &PolicyOptions::optimizer, check_optimizer));
  return check_tables(o, "algorithm", o.algorithm, &PolicyOptions::algorithm, check_algorithm);
}

}  // namespace troupe
