#include "rollout/group_runner.h"

#include <algorithm>

#include "base/rng.h"

namespace troupe {
namespace {

Async<Result<EpisodeRecord>> attempt(const EpisodeSetting& setting, Task task, EpisodeId id) {
  Episode episode(setting.executor, setting.spec, setting.agents, std::move(id), setting.turn_wait);
  auto outcome = co_await setting.workflow(episode, std::move(task));
  if (!outcome) co_return tl::unexpected(outcome.error());
  EpisodeRecord record;
  record.outcome = std::move(*outcome);
  record.exchanges = episode.exchanges();
  record.trajectories = episode.take_trajectories();
  std::erase_if(record.trajectories, [](const Trajectory& t) { return t.sampled_tokens() == 0; });
  co_return record;
}

Async<void> play_into(const EpisodeSetting& setting, Task task, EpisodeId id, Gate::Pass pass,
                      Result<EpisodeRecord>& out) {
  const Gate::Pass held = std::move(pass);
  out = co_await play_episode(setting, std::move(task), std::move(id));
}

}  // namespace

bool is_infrastructure(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kIo || code == ErrorCode::kDeadline;
}

Async<Result<EpisodeRecord>> play_episode(const EpisodeSetting& setting, Task task, EpisodeId id) {
  for (int tries = 1;; ++tries) {
    auto record = co_await attempt(setting, task, id);
    if (record) {
      record->attempts = tries;
      co_return record;
    }
    if (tries > setting.retries || !is_infrastructure(record.error().code)) co_return record;
  }
}

Async<Result<std::vector<EpisodeRecord>>> play_group(const EpisodeSetting& setting, Task task,
                                                     std::string input, int members,
                                                     std::uint64_t seed) {
  std::vector<Result<EpisodeRecord>> results(static_cast<std::size_t>(members));
  {
    Gate gate(setting.executor);
    for (int i = 0; i < members; ++i) {
      EpisodeId id;
      id.input = input;
      id.member = i;
      id.seed = seed_join(seed, static_cast<std::uint64_t>(i));
      spawn(play_into(setting, task, std::move(id), Gate::Pass(gate),
                      results[static_cast<std::size_t>(i)]));
    }
    // Every wait inside an episode has its own deadline; this one only guards against a bug.
    Status ended = co_await gate.wait_empty(Wait(24 * 3600 * kSecond, "episodes of a group"));
    if (!ended) co_return tl::unexpected(ended.error());
  }
  std::vector<EpisodeRecord> records;
  for (auto& result : results) {
    if (!result) co_return tl::unexpected(result.error());
    records.push_back(std::move(*result));
  }
  co_return records;
}

}  // namespace troupe
