#include "train/advantage/settings.h"

namespace troupe {

AdvantageSettings advantage_settings(const AlgorithmOptions& options) {
  using Kind = AdvantageSettings::Kind;
  using GroupBy = AdvantageSettings::GroupBy;
  AdvantageSettings out;
  if (options.advantage == "dr_grpo") out.kind = Kind::kDrGrpo;
  if (options.advantage == "rloo") out.kind = Kind::kRloo;
  if (options.advantage == "reinforce_pp") out.kind = Kind::kReinforcePp;
  if (options.advantage == "lite_ppo") out.kind = Kind::kLitePpo;
  if (options.advantage == "gae") out.kind = Kind::kGae;
  if (options.advantage == "role_baseline") out.kind = Kind::kRoleBaseline;
  out.gae_discount = options.gae_discount;
  out.gae_lambda = options.gae_lambda;
  out.baseline_decay = options.baseline_decay;
  if (options.group_by == "task") out.group_by = GroupBy::kTask;
  if (options.group_by == "agent_turn") out.group_by = GroupBy::kAgentTurn;
  return out;
}

}  // namespace troupe
