#include "environment/command/episode.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "environment/common.h"

namespace troupe {
namespace {

using nlohmann::json;

const char* const kPrompts = R"({"prompts": [{"agent": text, "text": text}, ...]})";
const char* const kStep =
    R"({"prompts": [...]} or {"done": true, "rewards": {agent: number, ...}, "success": true or false} or {"limit": name})";
const char* const kText = R"({"text": text} or {"error": text})";

bool has_text(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object.at(key).is_string();
}

}  // namespace

CommandEpisode::CommandEpisode(CommandRules rules, std::shared_ptr<ChildPool> pool)
    : rules_(std::move(rules)),
      program_(std::make_unique<LineProgram>(std::move(pool), rules_.timeout_seconds)) {}

Result<Turn> CommandEpisode::reset(const Task& task, std::uint64_t seed) {
  const json payload = json::parse(task.payload, nullptr, false);
  if (payload.is_discarded()) {
    return fail(ErrorCode::kInvalid, fmt::format("task '{}': the payload is not JSON", task.id));
  }
  const json body = {{"task", payload}, {"seed", json_seed(seed)}};
  TROUPE_ASSIGN(const json reply, program_->ask("reset", body, kPrompts));
  return take("reset", reply);
}

Result<Turn> CommandEpisode::step(const std::vector<Action>& actions) {
  TROUPE_TRY(check_actions(turn_, actions));
  json list = json::array();
  for (const Action& action : actions) {
    list.push_back(
        {{"agent", action.agent}, {"text", action.text}, {"truncated", action.truncated}});
  }
  TROUPE_ASSIGN(const json reply, program_->ask("step", json{{"actions", list}}, kStep));
  return take("step", reply);
}

Result<std::string> CommandEpisode::demonstrate(const Prompt& prompt, double noise,
                                                Rng& rng) const {
  const json body = {{"agent", prompt.agent},
                     {"text", prompt.text},
                     {"noise", noise},
                     {"seed", json_seed(rng.next())}};
  TROUPE_ASSIGN(const json reply, program_->ask("demonstrate", body, kText));
  if (reply.contains("error")) {
    return fail(ErrorCode::kNotFound,
                "the program has no demonstration: " + json_line(reply.at("error")));
  }
  if (has_text(reply, "text")) return reply.at("text").get<std::string>();
  return tl::unexpected(
      program_->violation("demonstrate", "it replied " + json_line(reply), kText));
}

Result<Turn> CommandEpisode::take(const std::string& verb, const json& reply) {
  const bool may_end = verb == "step";
  const char* expected = may_end ? kStep : kPrompts;
  const auto wrong = [&](const std::string& what) {
    return tl::unexpected(program_->violation(verb, what, expected));
  };
  if (reply.contains("error")) return wrong("it reports the error " + json_line(reply.at("error")));
  Result<Turn> turn;
  const bool limit = reply.contains("limit");
  if (may_end && (limit || reply.value("done", json(false)) == json(true))) {
    Result<Outcome> outcome = limit ? read_limit(reply.at("limit")) : read_outcome(reply);
    if (!outcome) return wrong(outcome.error().message);
    outcome_ = std::move(*outcome);
  } else if (reply.contains("prompts")) {
    turn = read_prompts(reply.at("prompts"));
    if (!turn) return wrong(turn.error().message);
  } else {
    return wrong("it replied " + json_line(reply));
  }
  turn_ = *turn;
  return turn;
}

Result<Turn> CommandEpisode::read_prompts(const json& prompts) {
  const auto wrong = [](const std::string& what) { return fail(ErrorCode::kUnavailable, what); };
  if (!prompts.is_array() || prompts.empty()) return wrong("its \"prompts\" is no list, or empty");
  Turn turn;
  for (const json& prompt : prompts) {
    if (!has_text(prompt, "agent") || !has_text(prompt, "text")) {
      return wrong("a prompt is " + json_line(prompt));
    }
    const auto agent = prompt.at("agent").get<std::string>();
    if (std::count(rules_.agents.begin(), rules_.agents.end(), agent) == 0) {
      return wrong(fmt::format("it prompts the unknown agent '{}' (environment.agents has: {})",
                               agent, fmt::join(rules_.agents, ", ")));
    }
    for (const Prompt& other : turn.prompts) {
      if (other.agent == agent) return wrong(fmt::format("it prompts '{}' twice at once", agent));
    }
    if (++turns_[agent] > rules_.max_turns) {
      return wrong(fmt::format("it gives '{}' more turns than environment.max_turns = {}", agent,
                               rules_.max_turns));
    }
    turn.prompts.push_back({agent, prompt.at("text").get<std::string>()});
  }
  return turn;
}

Result<Outcome> CommandEpisode::read_limit(const json& limit) const {
  constexpr std::size_t kLongest = 40;
  Outcome outcome;
  if (limit.is_string()) outcome.limit = limit.get<std::string>();
  if (outcome.limit.empty() || outcome.limit.size() > kLongest) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("its limit is no name of 1 to {} bytes", kLongest));
  }
  outcome.rewards.assign(rules_.agents.size(), rules_.min_reward);
  return outcome;
}

Result<Outcome> CommandEpisode::read_outcome(const json& reply) {
  const auto wrong = [](const std::string& what) { return fail(ErrorCode::kUnavailable, what); };
  const json rewards = reply.value("rewards", json());
  if (!rewards.is_object() || !reply.contains("success") || !reply.at("success").is_boolean()) {
    return wrong("it replied " + json_line(reply));
  }
  for (const auto& item : rewards.items()) {
    if (std::count(rules_.agents.begin(), rules_.agents.end(), item.key()) == 0) {
      return wrong(fmt::format("it rewards the unknown agent '{}'", item.key()));
    }
  }
  Outcome outcome;
  outcome.success = reply.at("success").get<bool>();
  for (const std::string& agent : rules_.agents) {
    if (!rewards.contains(agent) || !rewards.at(agent).is_number()) {
      return wrong(fmt::format("it gives no reward for '{}'", agent));
    }
    const double reward = rewards.at(agent).get<double>();
    if (!(reward >= rules_.min_reward && reward <= rules_.max_reward)) {
      return wrong(
          fmt::format("its reward {} is outside environment.min_reward {} .. "
                      "environment.max_reward {}",
                      reward, rules_.min_reward, rules_.max_reward));
    }
    outcome.rewards.push_back(reward);
  }
  return outcome;
}

}  // namespace troupe
