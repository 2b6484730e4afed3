#include "rollout/credit/command_credit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "environment/command/line_program.h"

namespace troupe {
namespace {

using nlohmann::json;

const char* const kReply = R"({"rewards": {agent: number, ...}})";

/// The rewards of a reply, or what is wrong with it.
Result<std::vector<double>> read_rewards(const json& reply,
                                         const std::vector<std::string>& agents) {
  const auto wrong = [](const std::string& what) { return fail(ErrorCode::kUnavailable, what); };
  const json rewards = reply.value("rewards", json());
  if (!rewards.is_object()) return wrong("it replied " + json_line(reply));
  for (const auto& item : rewards.items()) {
    if (std::find(agents.begin(), agents.end(), item.key()) == agents.end()) {
      return wrong(fmt::format("it rewards the unknown agent '{}'", item.key()));
    }
  }
  std::vector<double> out;
  for (const std::string& agent : agents) {
    if (!rewards.contains(agent) || !rewards.at(agent).is_number()) {
      return wrong(fmt::format("it gives no reward for '{}'", agent));
    }
    out.push_back(rewards.at(agent).get<double>());
    if (!std::isfinite(out.back())) {
      return wrong(fmt::format("its reward for '{}' is not finite", agent));
    }
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<CommandCredit>> CommandCredit::make(std::vector<std::string> argv,
                                                           double timeout_seconds) {
  auto pool = std::make_shared<ChildPool>(std::move(argv));
  Result<ChildPool::Child> first = pool->start();
  if (!first) return within("credit.command", first.error());
  pool->give(std::move(first->process));
  return std::unique_ptr<CommandCredit>(new CommandCredit(std::move(pool), timeout_seconds));
}

Result<std::vector<double>> CommandCredit::rewards(const Task& task,
                                                   const std::vector<std::string>& agents,
                                                   const Outcome& outcome) {
  json body;
  body["task"] = json::parse(task.payload, nullptr, false);
  if (body["task"].is_discarded()) body["task"] = task.payload;
  body["agents"] = agents;
  body["rewards"] = outcome.rewards;
  body["success"] = outcome.success;
  LineProgram program(pool_, timeout_seconds_);
  TROUPE_ASSIGN(const json reply, program.ask("credit", body, kReply));
  auto out = read_rewards(reply, agents);
  if (out) return out;
  return tl::unexpected(program.violation("credit", out.error().message, kReply));
}

}  // namespace troupe
