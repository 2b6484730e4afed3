#pragma once

#include "base/executor.h"
#include "base/http.h"
#include "rollout/reward/reward_json.h"

namespace troupe {

/// An endpoint scores the episode: one POST per episode, JSON both ways (reward_json.h).
///
/// Only the endpoint can know that an answer ran into a limit: it is told `time_limit` and replies
/// {"limit": "time"}. Silence for `timeout` seconds, a refused connection, a status of 408, 429 or
/// 500 and above, or a malformed reply is its own failure (kDeadline, kUnavailable). Any other
/// status but 2xx means that it was asked in the wrong way (kInvalid).
class HttpReward final : public RewardSource {
 public:
  struct Setting {
    HttpUrl url;
    std::string token;    ///< "": none
    double timeout = 60;  ///< seconds
  };
  HttpReward(Executor& executor, Setting setting, RewardTerms terms)
      : executor_(executor), setting_(std::move(setting)), terms_(std::move(terms)) {}
  Async<Result<Score>> score(RewardRequest request) override;

 private:
  Executor& executor_;
  Setting setting_;
  RewardTerms terms_;
};

}  // namespace troupe
