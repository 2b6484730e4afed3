#include "rollout/group_runner.h"

#include <algorithm>

#include "base/rng.h"
#include "rollout/reward/reward_stage.h"

namespace troupe {
namespace {

Async<Result<EpisodeRecord>> attempt(const EpisodeSetting& setting, Task task, EpisodeId id) {
  Episode episode(setting.executor, setting.spec, setting.agents, std::move(id), setting.turn_wait,
                  setting.cancel);
  if (setting.concurrency != nullptr) episode.share(*setting.concurrency);
  if (setting.evaluates) episode.evaluate();
  episode.hurry(setting.group_lacks);
  auto outcome = co_await setting.workflow->play(episode, std::move(task));
  if (!outcome) co_return tl::unexpected(outcome.error());
  EpisodeRecord record;
  record.outcome = std::move(*outcome);
  record.exchanges = episode.take_exchanges();
  record.resumed = episode.resumed();
  record.trajectories = episode.take_trajectories();
  std::erase_if(record.trajectories, [](const Trajectory& t) { return t.sampled_tokens() == 0; });
  co_return record;
}

/// Puts what the reward stage says in place of what the environment said.
Async<Status> score(const EpisodeSetting& setting, const Task& task, std::uint64_t seed,
                    EpisodeRecord& record) {
  record.reward_began = setting.executor.now();
  RewardRequest request{task, record.exchanges, record.outcome, seed_join(seed, "reward")};
  request.cancel = setting.cancel.get();
  auto outcome = co_await setting.reward->score(request);
  record.reward_ended = setting.executor.now();
  if (!outcome) co_return tl::unexpected(outcome.error());
  record.outcome = std::move(*outcome);
  const auto names = setting.spec.agents();
  for (Trajectory& trajectory : record.trajectories) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == trajectory.agent) trajectory.reward = record.outcome.rewards[i];
    }
    for (Segment& segment : trajectory.segments) segment.reward = 0;  // a source scores the whole
    trajectory.success = record.outcome.success;
  }
  co_return Status();
}

Async<void> play_into(const EpisodeSetting& setting, Task task, EpisodeId id, Gate::Pass pass,
                      const EpisodeSink& done, Status& out) {
  const Gate::Pass held = std::move(pass);
  const int member = id.member;
  auto record = co_await play_episode(setting, std::move(task), std::move(id));
  out = record ? done(member, std::move(*record)) : Status(tl::unexpected(record.error()));
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
      if (setting.reward != nullptr) {
        Status scored = co_await score(setting, task, id.seed, *record);
        if (!scored) co_return tl::unexpected(scored.error());
      }
      if (setting.credit != nullptr) {
        Status assigned =
            co_await setting.credit->assign(task, record->outcome, record->trajectories);
        if (!assigned) co_return tl::unexpected(assigned.error());
      }
      co_return record;
    }
    if (tries > setting.retries || !is_infrastructure(record.error().code)) co_return record;
  }
}

Async<Status> play_members(const EpisodeSetting& setting, Task task, std::string input,
                           std::vector<int> members, std::uint64_t seed, EpisodeSink done) {
  std::vector<Status> results(members.size());
  Gate gate(setting.executor);
  for (std::size_t i = 0; i < members.size(); ++i) {
    EpisodeId id;
    id.input = input;
    id.member = members[i];
    id.seed = seed_join(seed, static_cast<std::uint64_t>(members[i]));
    spawn(play_into(setting, task, std::move(id), Gate::Pass(gate), done, results[i]));
  }
  // Every wait inside an episode has its own deadline; this one only guards against a bug.
  Status ended = co_await gate.drain(Wait(24 * 3600 * kSecond, "episodes of a group"));
  if (!ended) co_return ended;
  for (Status& result : results) {
    if (!result) co_return std::move(result);
  }
  co_return Status();
}

}  // namespace troupe
