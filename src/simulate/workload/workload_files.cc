#include "simulate/workload/workload_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/disk.h"

namespace troupe {

Status take_episodes(RecordedEpisodes episodes, int policies, WorkloadOptions& o) {
  if (static_cast<int>(episodes.policies.size()) != policies) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("workload.from_run: the run has {} policies ({}), and {} are simulated",
                    episodes.policies.size(), fmt::join(episodes.policies, ", "), policies));
  }
  auto data = std::make_shared<WorkloadData>();
  data->tasks = std::move(episodes.tasks);
  o.speakers = std::move(episodes.speakers);
  o.turns = o.min_turns = std::max<std::int64_t>(1, episodes.turns);
  o.answer_cap = episodes.answer;
  o.max_context = std::max<std::int64_t>(2, episodes.context);
  o.data = std::move(data);
  return {};
}

Status load_workload(Disk& disk, int policies, WorkloadOptions& o) {
  if (o.lengths == "empirical") {
    auto episodes = read_recorded_episodes(disk, o.from_run);
    if (!episodes) return within("workload.from_run", episodes.error());
    return take_episodes(std::move(*episodes), policies, o);
  }
  if (o.lengths != "trace") return {};
  auto data = std::make_shared<WorkloadData>();
  TROUPE_ASSIGN(data->rows, read_arrivals(disk, o.trace, "workload.trace"));
  std::erase_if(data->rows, [&o](const Arrival& row) {
    return std::max<std::int64_t>(1, row.prompt) + row.answer > o.max_context;
  });
  if (data->rows.empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("workload.trace: no request of {} fits workload.max_context = {}; "
                            "raise it",
                            o.trace, o.max_context));
  }
  o.data = std::move(data);
  return {};
}

}  // namespace troupe
