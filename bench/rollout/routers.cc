#include "rollout/routers.h"

#include <algorithm>
#include <cmath>

namespace troupe::bench {
namespace {

constexpr int kRounds = 3;  // sessions for each one in flight

}  // namespace

Result<std::vector<RouterRow>> measure_routers(const Options& options) {
  std::vector<RouterRow> rows;
  FleetSetting setting;
  setting.instances = options.instances;
  setting.loads = {1};
  setting.balancer.kind = "none";
  const double room = std::floor(static_cast<double>(setting.emulated.kv_tokens) / kSessionContext);
  for (const double load : options.loads) {
    const std::size_t first = rows.size();
    for (const std::string& name : router_names()) {
      RouterRow row;
      row.router = name;
      row.load = load;
      rows.push_back(row);
    }
    for (int seed = 1; seed <= options.seeds; ++seed) {
      SessionShape shape;
      shape.in_flight = std::max(1, static_cast<int>(load * room * options.instances));
      shape.chains = shape.in_flight * kRounds;
      shape.seed = static_cast<std::uint64_t>(seed);
      setting.seed = shape.seed;
      const Work work = session_work(shape);
      for (std::size_t i = first; i < rows.size(); ++i) {
        RouterRow& row = rows[i];
        setting.router.kind = row.router;
        const auto executor = make_virtual_executor({});
        TROUPE_ASSIGN(const Played played, play(*executor, work, setting));
        row.seconds += played.seconds / options.seeds;
        row.mean += played.mean / options.seeds;
        row.p90 += played.p90 / options.seeds;
        row.migrated += static_cast<double>(played.counts.migrated) / options.seeds;
        row.prefilled_again += static_cast<double>(played.counts.prefilled_again) / options.seeds;
        row.evicted += static_cast<double>(played.counts.evicted) / options.seeds;
      }
    }
  }
  return rows;
}

}  // namespace troupe::bench
