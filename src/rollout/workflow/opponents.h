#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "rollout/workflow/workflow.h"

namespace troupe {

/// Past versions of the policies of a run, and who plays against them (self_play.h). Which versions
/// there are to choose from follows from a group's step alone, so that timing decides nothing.
/// Lives on the strand.
class Opponents {
 public:
  explicit Opponents(PastVersions settings) : settings_(settings) {}

  /// True of versions that join the pool: those after every so many steps, and the first.
  [[nodiscard]] bool takes(std::int64_t steps) const { return steps % settings_.every == 0; }
  /// What a policy's engine served after so many steps. Others than takes() are ignored.
  void add(const std::string& policy, std::int64_t steps,
           std::shared_ptr<const EngineWeights> weights);
  /// Forgets what no group may need that starts when the policies have made `steps` steps or more.
  void forget_before(std::int64_t steps);
  /// Seats one of the two agents at a past version of its policy, frozen: of those after at most
  /// `steps` steps, the newest `pool`. `seed`: of the group. kInternal if there is none.
  Status seat(AgentBindings& agents, std::int64_t steps, std::uint64_t seed) const;

 private:
  using Versions = std::map<std::int64_t, std::shared_ptr<const EngineWeights>>;  ///< by steps
  PastVersions settings_;
  std::map<std::string, Versions> policies_;
};

}  // namespace troupe
