#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "rollout/reward/adaptive_timeout.h"
#include "rollout/reward/reward_source.h"

namespace troupe {

/// What the stage did since it was made.
struct RewardCounts {
  std::int64_t scored = 0;
  std::map<std::string, std::int64_t> limits;  ///< episodes whose answer ran into this limit
  std::int64_t retries = 0;
  std::int64_t failures = 0;  ///< episodes that got no score
  double queue_seconds = 0;   ///< waited for a place among `concurrency`
  double score_seconds = 0;   ///< sources at work
};

/// Scores episodes that have ended, at most `concurrency` at once, while other episodes generate
/// and weights are trained.
///
/// An answer that runs into a limit is an outcome: every agent gets `failure_reward`, and it counts
/// in counts().limits. A source that fails is asked again, `retries` times with pauses that double
/// from `pause` to kLongestPause; then the episode has failed and has no reward. The episode itself
/// is not played again for it. One that is cancelled asks for nothing more (kCancelled). Lives on
/// the strand.
class RewardStage {
 public:
  struct Settings {
    std::size_t agents = 1;
    int concurrency = 4;
    int retries = 3;
    Nanos pause = kSecond;
    double failure_reward = 0;
    AdaptiveTimeout::Rule time = {};
    Wait turn = Wait(3600 * kSecond, "a place in the reward stage");
  };
  static constexpr Nanos kLongestPause = 30 * kSecond;

  RewardStage(Executor& executor, std::unique_ptr<RewardSource> source, Settings settings)
      : executor_(executor),
        source_(std::move(source)),
        settings_(std::move(settings)),
        timeout_(settings_.time),
        left_(executor) {}

  /// The episode's outcome. `request.seconds` is set here.
  Async<Result<Outcome>> score(RewardRequest request);

  [[nodiscard]] const RewardCounts& counts() const { return counts_; }
  /// Episodes that are being scored or wait for it.
  [[nodiscard]] std::int64_t in_flight() const { return in_flight_; }

 private:
  Async<Result<Score>> ask(RewardRequest request, std::string kind);
  Outcome take(const Score& score, const std::string& kind);

  Executor& executor_;
  std::unique_ptr<RewardSource> source_;
  Settings settings_;
  AdaptiveTimeout timeout_;
  Signal left_;
  int busy_ = 0;
  std::int64_t in_flight_ = 0;
  RewardCounts counts_;
};

}  // namespace troupe
