#include "rollout/reward/verifier_reward.h"

#include <nlohmann/json.hpp>

#include "environment/command/line_program.h"

namespace troupe {

Async<Result<Score>> VerifierReward::score(RewardRequest request) {
  const nlohmann::json body = reward_request_json(request, terms_);
  nlohmann::json message;
  message["reward"] = body;
  const std::string line = json_line(message);
  SandboxLimits limits = limits_;
  limits.seconds = request.seconds;
  Result<SandboxReply> reply;
  co_await on_io(executor_, "verifier", [&] { reply = sandbox_.ask(line, limits); });
  if (!reply) co_return within("the verifier", reply.error());
  Score score;
  if (reply->limit != SandboxLimit::kNone) {
    score.limit = limit_name(reply->limit);
  } else {
    auto read = read_reward_reply(reply->line, terms_);
    if (!read) co_return within("the verifier", read.error());
    score = std::move(*read);
  }
  score.seconds = reply->seconds;
  co_return score;
}

}  // namespace troupe
