#include "orchestrate/run_state.h"

#include <nlohmann/json.hpp>

namespace troupe {

using nlohmann::json;

std::string RunState::to_json() const {
  json eval;
  eval["when"] = warm_start.when;
  eval["episodes"] = warm_start.episodes;
  eval["temperature"] = warm_start.temperature;
  eval["success"] = warm_start.success;
  eval["reward"] = warm_start.reward;
  eval["response_length"] = warm_start.response_length;
  eval["agent_rewards"] = warm_start.agent_rewards;
  if (!warm_start.exact.empty()) eval["exact"] = warm_start.exact;
  json out;
  out["warm_start"] = eval;
  out["best_success"] = best_success;
  out["best_reward"] = best_reward;
  out["best_step"] = best_step;
  out["warm_start_seconds"] = warm_start_seconds;
  out["rl_seconds"] = rl_seconds;
  out["place"] = place;
  if (!queue.empty()) out["queue"] = queue;
  // JSON has no bytes.
  std::vector<std::uint8_t> bytes;
  for (const char c : history.to_bytes()) bytes.push_back(static_cast<std::uint8_t>(c));
  if (history.size() > 0) out["history"] = bytes;
  if (average.count > 0) {
    out["average"] = {
        {"count", average.count}, {"reach", average.reach}, {"played", average.played}};
  }
  return out.dump();
}

Result<RunState> RunState::from_json(const std::string& text) {
  RunState out;
  try {
    const json in = json::parse(text);
    const json& eval = in.at("warm_start");
    out.warm_start.when = eval.at("when").get<std::string>();
    out.warm_start.episodes = eval.at("episodes").get<std::int64_t>();
    out.warm_start.temperature = eval.at("temperature").get<double>();
    out.warm_start.success = eval.at("success").get<double>();
    out.warm_start.reward = eval.at("reward").get<double>();
    out.warm_start.response_length = eval.at("response_length").get<double>();
    eval.at("agent_rewards").get_to(out.warm_start.agent_rewards);
    if (eval.contains("exact")) eval.at("exact").get_to(out.warm_start.exact);
    out.best_success = in.at("best_success").get<double>();
    out.best_reward = in.at("best_reward").get<double>();
    out.best_step = in.at("best_step").get<std::int64_t>();
    out.warm_start_seconds = in.at("warm_start_seconds").get<double>();
    out.rl_seconds = in.at("rl_seconds").get<double>();
    out.place = in.at("place").get<std::int64_t>();
    if (in.contains("queue")) in.at("queue").get_to(out.queue);
    if (in.contains("history")) {
      const auto bytes = in.at("history").get<std::vector<std::uint8_t>>();
      TROUPE_ASSIGN(out.history, TaskHistory::from_bytes(std::string(bytes.begin(), bytes.end())));
    }
    if (in.contains("average")) {
      const json& average = in.at("average");
      average.at("count").get_to(out.average.count);
      average.at("reach").get_to(out.average.reach);
      average.at("played").get_to(out.average.played);
    }
  } catch (const json::exception& e) {
    return fail(ErrorCode::kInvalid,
                std::string("the orchestrator's state in the checkpoint: ") + e.what());
  }
  return out;
}

}  // namespace troupe
