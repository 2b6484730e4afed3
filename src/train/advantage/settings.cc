#include "train/advantage/settings.h"

namespace troupe {

AdvantageSettings advantage_settings(const AlgorithmOptions& options) {
  using Kind = AdvantageSettings::Kind;
  using GroupBy = AdvantageSettings::GroupBy;
  AdvantageSettings out;
  if (options.advantage == "dr_grpo") out.kind = Kind::kDrGrpo;
  if (options.advantage == "rloo") out.kind = Kind::kRloo;
  if (options.group_by == "task") out.group_by = GroupBy::kTask;
  if (options.group_by == "agent_turn") out.group_by = GroupBy::kAgentTurn;
  return out;
}

}  // namespace troupe
