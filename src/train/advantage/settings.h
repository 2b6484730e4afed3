#pragma once

#include "train/options.h"

namespace troupe {

/// What a policy's advantages follow from. Fixed for the run.
struct AdvantageSettings {
  enum class Kind { kGrpo, kDrGrpo, kRloo, kReinforcePp, kLitePpo, kGae, kRoleBaseline };
  enum class GroupBy {
    kTask,       ///< all rows of the group
    kAgent,      ///< rows of the same agent
    kAgentTurn,  ///< rows of the same agent and context, where each turn is a context of its own
  };
  Kind kind = Kind::kGrpo;
  GroupBy group_by = GroupBy::kAgent;

  bool per_turn = false;     ///< each answer has an advantage of its own, from Segment::reward
  double turn_discount = 1;  ///< per_turn: of the next answer's return, in [0, 1]

  double gae_discount = 1;       ///< kGae: gamma, per token
  double gae_lambda = 0.95;      ///< kGae: lambda
  double baseline_decay = 0.95;  ///< kRoleBaseline: share of the old average that each row leaves
};

/// True of the kinds whose advantage compares the rows of one group with each other. The others
/// take their baseline from elsewhere: the batch, a critic, an average over the past.
constexpr bool compares_within_group(AdvantageSettings::Kind kind) {
  using Kind = AdvantageSettings::Kind;
  return kind == Kind::kGrpo || kind == Kind::kDrGrpo || kind == Kind::kRloo ||
         kind == Kind::kLitePpo;
}

/// The settings that an [algorithm] table asks for.
AdvantageSettings advantage_settings(const AlgorithmOptions& options);

}  // namespace troupe
