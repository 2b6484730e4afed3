#include "train/advantage/compare.h"

#include "train/advantage/dr_grpo.h"
#include "train/advantage/grpo.h"
#include "train/advantage/rloo.h"

namespace troupe {

std::vector<double> compare_rewards(AdvantageSettings::Kind kind, std::span<const double> rewards) {
  using Kind = AdvantageSettings::Kind;
  switch (kind) {
    case Kind::kGrpo:
      return grpo_advantages(rewards);
    case Kind::kDrGrpo:
    case Kind::kLitePpo:
      return dr_grpo_advantages(rewards);
    case Kind::kRloo:
      return rloo_advantages(rewards);
    case Kind::kReinforcePp:
    case Kind::kGae:
    case Kind::kRoleBaseline:
      break;
  }
  return {rewards.begin(), rewards.end()};
}

}  // namespace troupe
