#include <fmt/ranges.h>

#include <algorithm>

#include "orchestrate/idle_parts.h"
#include "train/advantage/settings.h"
#include "train/batch_scaling.h"
#include "train/loss/registry.h"

namespace troupe {
namespace {

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

}  // namespace

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
  if (c.kind == "team" && o.workflow->has_team() && !o.workflow->compares_branches()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("credit.kind = \"team\" would do nothing: workflow.name = \"{}\" gives "
                            "all agents the team's reward; leave it at \"agent\"",
                            o.workflow->name()));
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

}  // namespace troupe
