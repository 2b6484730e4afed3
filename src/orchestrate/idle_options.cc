#include "orchestrate/idle_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experience/admission.h"
#include "train/advantage/settings.h"
#include "train/batch_scaling.h"
#include "train/loss/registry.h"

namespace troupe {
namespace {

/// "KEY = VALUE would do nothing: WHY; REMEDY".
template <class T>
Status idle_if_given(const std::string& key, const T& value, const T& standard,
                     const std::string& why, const std::string& remedy) {
  if (value == standard) return {};
  return fail(ErrorCode::kInvalid, fmt::format("{} = {} would do nothing: {}; leave it at {} or {}",
                                               key, value, why, standard, remedy));
}

Status check_rollout(const RunOptions& o) {
  TROUPE_TRY(check_trainable(o.rollout.sampling));
  for (const auto& policy : o.policies) {
    const AdvantageSettings advantage = advantage_settings(policy->algorithm);
    const bool alone =
        advantage.group_by != AdvantageSettings::GroupBy::kTask || policy->agents.size() == 1;
    if (o.rollout.group_size > 1 || !alone || !compares_within_group(advantage.kind)) continue;
    return fail(ErrorCode::kInvalid,
                "rollout.group_size = 1 would train nothing: a group's only episode has none to be "
                "compared with, so its advantage is 0; use 2 or more");
  }
  if (o.pipeline.micro_batch > o.rollout.groups) {
    return fail(ErrorCode::kInvalid,
                fmt::format("pipeline.micro_batch = {} is more than the {} groups of a step: use "
                            "at most rollout.groups",
                            o.pipeline.micro_batch, o.rollout.groups));
  }
  return {};
}

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

/// Refuses what makes the result depend on timing, unless the run file allows it.
Status check_timing(const std::string& key, const std::string& value, const std::string& why,
                    const std::string& instead) {
  return fail(ErrorCode::kInvalid,
              fmt::format("{} = {}: {}, so two runs of this file would differ: {}, or set "
                          "run.deterministic = false",
                          key, value, why, instead));
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

Status check_credit(const RunOptions& o) {
  const CreditOptions& c = o.credit;
  const CreditOptions standard;
  const std::string why = fmt::format("credit.kind is \"{}\"", c.kind);
  const bool compared = std::any_of(o.policies.begin(), o.policies.end(), [](const auto& policy) {
    return policy->algorithm.advantage != "gae";
  });
  if (c.kind != "turn") {
    TROUPE_TRY(idle_if_given("credit.discount", c.discount, standard.discount, why,
                             "set credit.kind = \"turn\""));
  } else if (!compared) {
    TROUPE_TRY(idle_if_given("credit.discount", c.discount, standard.discount,
                             "all policies have advantage = \"gae\", which discounts per token",
                             "set algorithm.gae_discount"));
  }
  if (c.kind == "command" && c.command.empty()) {
    return fail(ErrorCode::kInvalid,
                R"(credit.command is missing: give a list such as ["python3", "credit.py"])");
  }
  if (c.kind != "command") {
    const std::string remedy = "set credit.kind = \"command\"";
    TROUPE_TRY(idle_if_given("credit.command", c.command, standard.command, why, remedy));
    TROUPE_TRY(idle_if_given("credit.timeout_seconds", c.timeout_seconds, standard.timeout_seconds,
                             why, remedy));
    TROUPE_TRY(idle_if_given("credit.retries", c.retries, standard.retries, why, remedy));
  }
  if (c.kind == "team" && o.environment->agents().size() == 1) {
    return fail(ErrorCode::kInvalid,
                fmt::format("credit.kind = \"team\" would do nothing: {} has one agent, whose "
                            "reward is the team's; leave it at \"agent\"",
                            o.environment_name));
  }
  return {};
}

/// Each answer's own reward, and the groups that refill replaces, against what advantages compare.
Status check_comparisons(const RunOptions& o) {
  for (const auto& policy : o.policies) {
    const AdvantageSettings advantage = advantage_settings(policy->algorithm);
    const bool within = compares_within_group(advantage.kind);
    if (advantage.kind == AdvantageSettings::Kind::kGae && policy->model.lora_rank > 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("policy \"{}\": advantage = \"gae\" trains a critic as large as the "
                              "whole model, which an adapter is there to avoid; set lora_rank = 0 "
                              "or choose another advantage",
                              policy->name));
    }
    const std::string name = fmt::format("policy \"{}\" has advantage = \"{}\"", policy->name,
                                         policy->algorithm.advantage);
    if (o.credit.kind == "turn" && advantage.kind != AdvantageSettings::Kind::kGae &&
        (!within || advantage.kind == AdvantageSettings::Kind::kLitePpo)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("credit.kind = \"turn\": {}, which is of whole rows; use grpo, "
                              "dr_grpo, rloo or gae",
                              name));
    }
    if (o.credit.kind == "turn" && policy->algorithm.overlong_tokens > 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("policy \"{}\": overlong_tokens = {} would do nothing: it takes from "
                              "the reward of the whole episode, and credit.kind is \"turn\"; set "
                              "it to 0",
                              policy->name, policy->algorithm.overlong_tokens));
    }
    const bool by_task = advantage.group_by == AdvantageSettings::GroupBy::kTask;
    if (!o.experience.refill || (within && !by_task && o.credit.kind != "turn")) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("experience.refill = true replaces groups in which the rewards of each "
                            "agent are equal, because they give no gradient; here they may: {}; "
                            "set experience.refill = false, or compare the rewards of each agent",
                            within && by_task ? "algorithm.group_by is \"task\""
                            : !within         ? name
                                              : "credit.kind is \"turn\""));
  }
  return {};
}

Status check_warm_start(const WarmStartOptions& w) {
  // With steps = 0 the stage is off, and the rest of its table waits for it to be on again.
  if (w.steps == 0 || w.learning_rate > 0) return {};
  return fail(ErrorCode::kInvalid,
              "warm_start.learning_rate = 0 would teach nothing: raise it, or set "
              "warm_start.steps = 0");
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

Status check_experience_options(const ExperienceOptions& e) {
  const ExperienceOptions standard;
  if (e.store == "memory") {
    const std::string why = "experience.store is \"memory\"";
    const std::string remedy = "set experience.store = \"disk\"";
    TROUPE_TRY(idle_if_given("experience.flush_seconds", e.flush_seconds, standard.flush_seconds,
                             why, remedy));
    TROUPE_TRY(idle_if_given("experience.segment_megabytes", e.segment_megabytes,
                             standard.segment_megabytes, why, remedy));
    TROUPE_TRY(idle_if_given("experience.disk_timeout", e.disk_timeout, standard.disk_timeout, why,
                             remedy));
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

/// `stale`: tokens may be of older versions than the one that is trained.
Status check_loss(const std::string& table, const AlgorithmOptions& a, bool stale) {
  const LossEntry& loss = *find_loss(a.loss);
  for (const LossNumber& number : loss_numbers()) {
    const std::string key = table + "." + number.name;
    const double standard = AlgorithmOptions().*number.value;
    if (!loss.reads(number.name)) {
      std::vector<std::string> readers;
      for (const LossEntry& entry : loss_entries()) {
        if (entry.reads(number.name)) readers.push_back(entry.name);
      }
      TROUPE_TRY(
          idle_if_given(key, a.*number.value, standard,
                        fmt::format("{}.loss = \"{}\" does not read it", table, a.loss),
                        fmt::format("set {}.loss to {}", table, fmt::join(readers, " or "))));
    } else if (number.stale_only && !stale) {
      TROUPE_TRY(idle_if_given(key, a.*number.value, standard,
                               "a step trains on samples of its own version, so no ratio leaves 1",
                               "remove it"));
    }
  }
  if (a.loss == "dapo" && a.normalizer != "token") {
    return fail(ErrorCode::kInvalid,
                fmt::format("{0}.loss = \"dapo\" is a mean over tokens: set {0}.normalizer = "
                            "\"token\", or {0}.loss = \"grpo\"",
                            table));
  }
  if (loss.reads("positive_weight") && a.positive_weight == 0 && a.negative_weight == 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{0}.positive_weight = 0 and {0}.negative_weight = 0 would train "
                            "nothing: raise one of them",
                            table));
  }
  const Status exact = exact_combination(a, stale);
  return exact ? Status() : within(table, exact.error());
}

/// The options of advantages that this one does not read.
Status check_advantage(const std::string& table, const AlgorithmOptions& a) {
  const AlgorithmOptions standard;
  const std::string why = fmt::format("{}.advantage is \"{}\"", table, a.advantage);
  if (!compares_within_group(advantage_settings(a).kind)) {
    TROUPE_TRY(idle_if_given(table + ".group_by", a.group_by, standard.group_by,
                             why + ", which does not compare the rows of a group",
                             "choose another advantage"));
  }
  if (a.advantage != "gae") {
    const std::string remedy = "set " + table + ".advantage = \"gae\"";
    TROUPE_TRY(
        idle_if_given(table + ".gae_discount", a.gae_discount, standard.gae_discount, why, remedy));
    TROUPE_TRY(
        idle_if_given(table + ".gae_lambda", a.gae_lambda, standard.gae_lambda, why, remedy));
    TROUPE_TRY(idle_if_given(table + ".critic_learning_rate", a.critic_learning_rate,
                             standard.critic_learning_rate, why, remedy));
  }
  if (a.advantage == "role_baseline") return {};
  return idle_if_given(table + ".baseline_decay", a.baseline_decay, standard.baseline_decay, why,
                       "set " + table + ".advantage = \"role_baseline\"");
}

Status check_algorithm(const std::string& table, const AlgorithmOptions& a,
                       const PolicyOptions& policy) {
  const AlgorithmOptions standard;
  TROUPE_TRY(check_advantage(table, a));
  TROUPE_TRY(check_loss(table, a, policy.pipeline.bound() > 0));
  if (a.entropy_floor <= 0) {
    const std::string why = table + ".entropy_floor is 0";
    const std::string remedy = "set " + table + ".entropy_floor";
    TROUPE_TRY(
        idle_if_given(table + ".entropy_max", a.entropy_max, standard.entropy_max, why, remedy));
    TROUPE_TRY(
        idle_if_given(table + ".entropy_gain", a.entropy_gain, standard.entropy_gain, why, remedy));
  } else if (a.entropy_max == 0 || a.entropy_gain == 0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{0}.entropy_floor = {1} would do nothing: {0}.entropy_{2} is 0; raise "
                            "{0}.entropy_{2} or set {0}.entropy_floor = 0",
                            table, a.entropy_floor, a.entropy_max == 0 ? "max" : "gain"));
  } else if (a.entropy_coefficient > a.entropy_max) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{0}.entropy_coefficient = {1} is more than {0}.entropy_max = {2}, "
                            "which the entropy floor keeps it below: lower it or raise "
                            "{0}.entropy_max",
                            table, a.entropy_coefficient, a.entropy_max));
  }
  return {};
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
  TROUPE_TRY(check_warm_start(o.warm_start));
  TROUPE_TRY(check_exact_metric(o));
  TROUPE_TRY(check_experience_options(o.experience));
  TROUPE_TRY(check_tables(o, "model", o.model, &PolicyOptions::model, check_model));
  TROUPE_TRY(check_tables(o, "pipeline", o.pipeline.mode, &PolicyOptions::pipeline, check_mode));
  TROUPE_TRY(check_pipeline(o));
  TROUPE_TRY(check_tables(o, "optimizer", o.optimizer, &PolicyOptions::optimizer, check_optimizer));
  return check_tables(o, "algorithm", o.algorithm, &PolicyOptions::algorithm, check_algorithm);
}

}  // namespace troupe
