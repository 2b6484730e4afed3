#include "orchestrate/evaluate.h"

#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "orchestrate/task_order.h"

namespace troupe {
namespace {

constexpr std::int64_t kShown = 8;  // episodes that observers hear

Async<void> play_one(const EvalSetting& setting, const EpisodeSetting& episodes, std::int64_t i,
                     Gate::Pass pass, Result<EpisodeRecord>& out) {
  const Gate::Pass held = std::move(pass);
  const auto n = static_cast<std::uint64_t>(setting.first + i);
  auto task = setting.spec.task(Split::kHeldOut,
                                task_at(setting.spec.size(Split::kHeldOut), setting.seed, n));
  if (!task) {
    out = tl::unexpected(task.error());
    co_return;
  }
  EpisodeId id;
  id.input = "eval" + std::to_string(n);
  id.seed = seed_join(seed_join(setting.seed, "eval"), n);
  out = co_await play_episode(episodes, *task, std::move(id));
  if (out && i < kShown && setting.on_episode) setting.on_episode(*task, *out);
}

}  // namespace

Async<Result<EvalReport>> evaluate(const EvalSetting& setting) {
  EpisodeSetting episodes{setting.executor, setting.spec, setting.agents, setting.workflow,
                          setting.retries};
  episodes.turn_wait = setting.turn_wait;
  episodes.reward = setting.reward;
  episodes.concurrency = setting.concurrency;
  episodes.evaluates = true;
  const auto names = setting.spec.agents();
  EvalReport report;
  report.episodes = setting.episodes;
  for (const std::string& name : names) report.agent_rewards.emplace_back(name, 0.0);
  if (!setting.agents.empty()) {
    report.temperature = static_cast<double>(setting.agents.begin()->second.sampling.temperature);
  }
  double trajectories = 0;
  for (std::int64_t first = 0; first < setting.episodes; first += kEvalWave) {
    if (setting.cancelled && setting.cancelled()) {
      co_return fail(ErrorCode::kCancelled, "the evaluation was interrupted");
    }
    const std::int64_t count = std::min(kEvalWave, setting.episodes - first);
    std::vector<Result<EpisodeRecord>> results(static_cast<std::size_t>(count));
    Gate gate(setting.executor);
    for (std::int64_t i = 0; i < count; ++i) {
      spawn(play_one(setting, episodes, first + i, Gate::Pass(gate),
                     results[static_cast<std::size_t>(i)]));
    }
    Status ended = co_await gate.drain(Wait(24 * 3600 * kSecond, "evaluation episodes"));
    if (!ended) co_return tl::unexpected(ended.error());
    for (const auto& result : results) {
      if (!result) co_return tl::unexpected(result.error());
      report.success += result->outcome.success ? 1 : 0;
      for (std::size_t a = 0; a < names.size(); ++a) {
        report.agent_rewards[a].second += result->outcome.rewards[a];
      }
      for (const Trajectory& t : result->trajectories) {
        report.tokens += t.sampled_tokens();
        trajectories += 1;
      }
    }
  }
  const auto n = static_cast<double>(std::max<std::int64_t>(setting.episodes, 1));
  report.success /= n;
  for (auto& [name, reward] : report.agent_rewards) {
    reward /= n;
    report.reward += reward / static_cast<double>(names.size());
  }
  report.response_length = trajectories > 0 ? static_cast<double>(report.tokens) / trajectories : 0;
  co_return report;
}

}  // namespace troupe
