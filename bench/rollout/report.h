#pragma once

#include <optional>
#include <vector>

#include "rollout/episodes.h"
#include "rollout/routers.h"
#include "rollout/team.h"

namespace troupe::bench {

/// What was measured; parts that were not asked for are empty.
struct Report {
  std::optional<TeamResult> team;
  std::vector<RouterRow> routers;
  std::optional<TeamResult> live;
  std::optional<EpisodesRow> episodes;
  double others = 0;  ///< share of the processors that other processes used
};

void print_json(const Options& options, const Report& report);
void print_text(const Options& options, const Report& report);

}  // namespace troupe::bench
