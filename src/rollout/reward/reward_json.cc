#include "rollout/reward/reward_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "environment/command/line_program.h"

namespace troupe {
namespace {

using nlohmann::json;

tl::unexpected<Error> wrong(const std::string& what) {
  return fail(ErrorCode::kUnavailable,
              what + R"(; expected {"rewards": {agent: number, ...}, "success": true or false})");
}

/// The rewards by name, or in the order of the agents.
Result<std::vector<json>> in_order(const json& rewards, const RewardTerms& terms) {
  std::vector<json> out;
  if (rewards.is_array()) {
    out.assign(rewards.begin(), rewards.end());
    if (out.size() == terms.agents.size()) return out;
    return wrong(fmt::format("it gives {} rewards for {} agents", out.size(), terms.agents.size()));
  }
  for (const auto& item : rewards.items()) {
    if (std::count(terms.agents.begin(), terms.agents.end(), item.key()) == 0) {
      return wrong(fmt::format("it rewards the unknown agent '{}'", item.key()));
    }
  }
  for (const std::string& agent : terms.agents) {
    if (!rewards.contains(agent)) return wrong(fmt::format("it gives no reward for '{}'", agent));
    out.push_back(rewards.at(agent));
  }
  return out;
}

}  // namespace

json reward_request_json(const RewardRequest& request, const RewardTerms& terms) {
  json exchanges = json::array();
  for (const Exchange& exchange : request.exchanges) {
    exchanges.push_back({{"agent", exchange.action.agent},
                         {"prompt", exchange.prompt.text},
                         {"answer", exchange.action.text},
                         {"truncated", exchange.action.truncated}});
  }
  json rewards = json::object();
  for (std::size_t i = 0; i < terms.agents.size() && i < request.outcome.rewards.size(); ++i) {
    rewards[terms.agents[i]] = request.outcome.rewards[i];
  }
  json out;
  out["task"] = json::parse(request.task.payload, nullptr, false);
  if (out["task"].is_discarded()) out["task"] = request.task.payload;
  out["exchanges"] = std::move(exchanges);
  out["outcome"] = {{"rewards", std::move(rewards)}, {"success", request.outcome.success}};
  out["seed"] = json_seed(request.seed);
  out["time_limit"] = request.seconds;
  return out;
}

Result<Score> read_reward_reply(const std::string& text, const RewardTerms& terms) {
  constexpr std::size_t kShown = 200;
  const json reply = json::parse(text, nullptr, false);
  if (!reply.is_object()) return wrong("it replied " + json_line(text.substr(0, kShown)));
  if (reply.contains("error")) {
    return wrong("it reports the error " + json_line(reply.at("error")));
  }
  Score score;
  if (reply.contains("limit")) {
    if (!reply.at("limit").is_string() || reply.at("limit").get<std::string>().empty()) {
      return wrong("its \"limit\" is no text");
    }
    score.limit = reply.at("limit").get<std::string>();
    return score;
  }
  if (!reply.contains("rewards") || !reply.at("rewards").is_structured() ||
      !reply.contains("success") || !reply.at("success").is_boolean()) {
    return wrong("it replied " + json_line(reply).substr(0, kShown));
  }
  TROUPE_ASSIGN(const std::vector<json> rewards, in_order(reply.at("rewards"), terms));
  for (const json& reward : rewards) {
    if (!reward.is_number()) return wrong("a reward is " + json_line(reward));
    const auto value = reward.get<double>();
    if (!(value >= terms.min && value <= terms.max)) {
      return wrong(fmt::format("its reward {} is outside reward.min {} .. reward.max {}", value,
                               terms.min, terms.max));
    }
    score.outcome.rewards.push_back(value);
  }
  score.outcome.success = reply.at("success").get<bool>();
  return score;
}

}  // namespace troupe
