#include "rollout/reward/http_reward.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "environment/command/line_program.h"

namespace troupe {

Async<Result<Score>> HttpReward::score(RewardRequest request) {
  const nlohmann::json message = reward_request_json(request, terms_);
  const std::string body = json_line(message);
  const Nanos began = executor_.now();
  Result<HttpReply> reply;
  co_await on_io(executor_, "http reward",
                 [&] { reply = http_post(setting_.url, body, setting_.token, setting_.timeout); });
  if (!reply) co_return tl::unexpected(reply.error());
  if (reply->status < 200 || reply->status > 299) {
    constexpr std::size_t kShown = 200;
    const bool its_own = reply->status >= 500 || reply->status == 408 || reply->status == 429;
    co_return fail(its_own ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
                   fmt::format("{}: HTTP status {}: {}", setting_.url.text(), reply->status,
                               json_line(reply->body.substr(0, kShown))));
  }
  auto score = read_reward_reply(reply->body, terms_);
  if (!score) co_return within(setting_.url.text(), score.error());
  score->seconds = static_cast<double>(executor_.now() - began) / kSecond;
  co_return score;
}

}  // namespace troupe
