#include "rollout/reward/reward_stage.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"
#include "environment/common.h"
#include "rollout/group_runner.h"

namespace troupe {
namespace {

double seconds(Nanos nanos) { return static_cast<double>(nanos) / kSecond; }

}  // namespace

Async<Result<Outcome>> RewardStage::score(RewardRequest request) {
  const std::string kind = payload_text(request.task, "kind").value_or("");
  const std::uint64_t seed = request.seed;
  Nanos pause = settings_.pause;
  ++in_flight_;
  for (int tries = 0;; ++tries) {
    if (tries > 0) {
      request.seed = seed_join(seed, static_cast<std::uint64_t>(tries));
      ++counts_.retries;
      co_await sleep_for(executor_, pause);
      pause = std::min(2 * pause, kLongestPause);
    }
    auto scored = co_await ask(request, kind);
    if (scored) {
      --in_flight_;
      co_return take(*scored, kind);
    }
    if (tries < settings_.retries && is_infrastructure(scored.error().code)) continue;
    --in_flight_;
    if (scored.error().code != ErrorCode::kCancelled) ++counts_.failures;
    co_return within(fmt::format("the reward of task '{}'", request.task.id), scored.error());
  }
}

/// One try, once there is a place.
Async<Result<Score>> RewardStage::ask(RewardRequest request, std::string kind) {
  const Nanos came = executor_.now();
  while (busy_ >= settings_.concurrency) {
    const bool notified = co_await left_.wait(settings_.turn);
    if (!notified && busy_ >= settings_.concurrency) {
      co_return fail(ErrorCode::kDeadline,
                     fmt::format("waited {:.1f} s for {}", seconds(settings_.turn.limit),
                                 settings_.turn.reason));
    }
  }
  if (request.cancel != nullptr && request.cancel->requested()) {
    co_return fail(ErrorCode::kCancelled, "the episode's reward is no longer wanted");
  }
  const Nanos began = executor_.now();
  counts_.queue_seconds += seconds(began - came);
  ++busy_;
  request.seconds = timeout_.limit(kind);
  auto scored = co_await source_->score(request);
  --busy_;
  left_.notify_all();
  counts_.score_seconds += seconds(executor_.now() - began);
  if (scored && scored->limit.empty() && scored->outcome.rewards.size() != settings_.agents) {
    co_return fail(ErrorCode::kUnavailable,
                   fmt::format("the reward source gave {} rewards for {} agents",
                               scored->outcome.rewards.size(), settings_.agents));
  }
  co_return scored;
}

Outcome RewardStage::take(const Score& score, const std::string& kind) {
  ++counts_.scored;
  if (!score.limit.empty()) {
    ++counts_.limits[score.limit];
    Outcome failed;
    failed.rewards.assign(settings_.agents, settings_.failure_reward);
    failed.limit = score.limit;
    return failed;
  }
  if (score.outcome.success) timeout_.right_answer(kind, score.seconds);
  return score.outcome;
}

}  // namespace troupe
