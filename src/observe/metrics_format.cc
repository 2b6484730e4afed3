#include "observe/metrics_format.h"

#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "observe/pipeline_format.h"
#include "observe/policy_metrics.h"

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json states_of(const StateSeconds& seconds) {
  Json out = Json::object();
  for (const auto& [state, share] : shares(seconds)) out[state] = number(share);
  return out;
}

Json numbers_of(const NamedNumbers& numbers) {
  Json out = Json::object();
  for (const auto& [name, value] : numbers) out[name] = number(value);
  return out;
}

Json policy_of(const PolicyStep& step, std::int64_t began) {
  Json out;
  out["agents"] = step.agents;
  for (const PolicyMetric& metric : policy_metrics()) {
    const double value = metric.get(step);
    out[metric.name] = metric.whole ? Json(static_cast<std::int64_t>(value)) : number(value);
  }
  out["staleness_tokens"] = step.staleness_tokens;
  out["stages"] = stages_of(step.stages, began);
  if (!step.published.empty()) out["published"] = numbers_of(step.published);
  out["skipped"] = step.skipped;
  out["skip_reason"] = step.skip_reason;
  return out;
}

Json eval_of(const EvalReport& report) {
  Json out;
  out["kind"] = "eval";
  out["when"] = report.when;
  out["step"] = report.step;
  out["episodes"] = report.episodes;
  out["temperature"] = number(report.temperature);
  out["success"] = number(report.success);
  out["reward"] = number(report.reward);
  out["agent_rewards"] = Json::object();
  for (const auto& [agent, reward] : report.agent_rewards) {
    out["agent_rewards"][agent] = number(reward);
  }
  out["response_length"] = number(report.response_length);
  if (!report.exact.empty()) out["exact"] = numbers_of(report.exact);
  out["best"] = report.best;
  return out;
}

double real(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::numeric_limits<double>::quiet_NaN();
  return found->get<double>();
}

NamedNumbers read_numbers(const Json& object, const char* key) {
  NamedNumbers out;
  if (!object.contains(key)) return out;
  for (const auto& [name, value] : object.at(key).items()) {
    out[name] = real(object.at(key), name.c_str());
  }
  return out;
}

PolicyStep read_policy(const std::string& name, const Json& object, std::int64_t began) {
  PolicyStep step;
  step.policy = name;
  step.agents = object.at("agents").get<std::vector<std::string>>();
  for (const PolicyMetric& metric : policy_metrics()) {
    const double value = real(object, metric.name);
    if (!metric.whole || std::isfinite(value)) metric.set(step, value);
  }
  step.staleness_tokens = object.value("staleness_tokens", std::vector<std::int64_t>());
  step.published = read_numbers(object, "published");
  step.stages = read_stages(object, began);
  step.skipped = object.at("skipped").get<bool>();
  step.skip_reason = object.at("skip_reason").get<std::string>();
  return step;
}

StepReport read_step(const Json& object) {
  StepReport report;
  report.step = object.at("step").get<std::int64_t>();
  report.steps = object.at("steps").get<std::int64_t>();
  report.phase = object.at("phase").get<std::string>();
  report.seconds = real(object, "seconds");
  report.elapsed = real(object, "elapsed");
  report.began = began_at(report.elapsed, report.seconds);
  report.tokens_sampled = object.value("tokens_sampled", std::int64_t{0});
  report.flow = read_flow(object);
  for (const auto& [state, share] : object.at("states").items()) {
    if (share.is_number()) report.states[state] = share.get<double>() * report.seconds;
  }
  report.generate_tokens_per_second = real(object, "generate_tokens_per_second");
  report.train_tokens_per_second = real(object, "train_tokens_per_second");
  for (const auto& [name, policy] : object.at("policies").items()) {
    report.policies.push_back(read_policy(name, policy, report.began));
  }
  report.instances = read_numbers(object, "instances");
  report.swaps = read_numbers(object, "swaps");
  report.exact = read_numbers(object, "exact");
  return report;
}

EvalReport read_eval(const Json& object) {
  EvalReport report;
  report.when = object.at("when").get<std::string>();
  report.step = object.at("step").get<std::int64_t>();
  report.episodes = object.at("episodes").get<std::int64_t>();
  report.temperature = real(object, "temperature");
  report.success = real(object, "success");
  report.reward = real(object, "reward");
  for (const auto& [agent, reward] : object.at("agent_rewards").items()) {
    report.agent_rewards.emplace_back(agent, reward.is_number()
                                                 ? reward.get<double>()
                                                 : std::numeric_limits<double>::quiet_NaN());
  }
  report.response_length = real(object, "response_length");
  report.exact = read_numbers(object, "exact");
  report.best = object.at("best").get<bool>();
  return report;
}

/// Calls `visit(line number, line)` for each line that ends with a newline.
void each_line(std::string_view text, const std::function<void(int, std::string_view)>& visit) {
  int number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return;  // cut short by a crash
    visit(number, text.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

StateSeconds shares(const StateSeconds& seconds) {
  double total = 0;
  for (const auto& [state, value] : seconds) total += value;
  StateSeconds out;
  if (!(total > 0)) return out;
  for (const auto& [state, value] : seconds) out[state] = std::round(1e6 * value / total) / 1e6;
  return out;
}

std::string step_line(const StepReport& report) {
  Json out;
  out["kind"] = "step";
  out["step"] = report.step;
  out["steps"] = report.steps;
  out["phase"] = report.phase;
  out["seconds"] = number(report.seconds);
  out["elapsed"] = number(report.elapsed);
  out["generate_tokens_per_second"] = number(report.generate_tokens_per_second);
  out["train_tokens_per_second"] = number(report.train_tokens_per_second);
  out["tokens_sampled"] = report.tokens_sampled;
  out["flow"] = flow_of(report.flow);
  out["states"] = states_of(report.states);
  if (!report.exact.empty()) out["exact"] = numbers_of(report.exact);
  if (!report.instances.empty()) out["instances"] = numbers_of(report.instances);
  if (!report.swaps.empty()) out["swaps"] = numbers_of(report.swaps);
  out["policies"] = Json::object();
  for (const PolicyStep& policy : report.policies)
    out["policies"][policy.policy] = policy_of(policy, report.began);
  return text_of(out);
}

std::string eval_line(const EvalReport& report) { return text_of(eval_of(report)); }

std::string checkpoint_line(const CheckpointReport& report) {
  Json out;
  out["kind"] = "checkpoint";
  out["name"] = report.name;
  out["step"] = report.step;
  out["held_seconds"] = number(report.held_seconds);
  out["write_seconds"] = number(report.write_seconds);
  out["written_bytes"] = report.written_bytes;
  out["linked_bytes"] = report.linked_bytes;
  return text_of(out);
}

std::string final_line(const FinalReport& report) {
  Json out;
  out["kind"] = "final";
  out["status"] = report.status;
  out["message"] = report.message;
  out["steps"] = report.steps;
  out["seconds"] = number(report.seconds);
  out["warm_start_seconds"] = number(report.warm_start_seconds);
  out["rl_seconds"] = number(report.rl_seconds);
  out["success"] = report.final.episodes > 0 ? number(report.final.success) : Json(nullptr);
  out["reward"] = report.final.episodes > 0 ? number(report.final.reward) : Json(nullptr);
  out["episodes"] = report.final.episodes;
  StateSeconds all;
  for (const auto& [worker, states] : report.states) {
    for (const auto& [state, seconds] : states) all[state] += seconds;
  }
  out["states"] = states_of(all);
  out["weights_digests"] = Json::object();
  for (const auto& [policy, digest] : report.weights_digests)
    out["weights_digests"][policy] = digest;
  out["weights_digest"] = report.weights_digest;
  return text_of(out);
}

Result<MetricsLog> parse_metrics(std::string_view text) {
  MetricsLog log;
  std::optional<Error> error;
  each_line(text, [&](int number_of_line, std::string_view line) {
    if (error) return;
    try {
      const Json object = Json::parse(line);
      const std::string kind = object.at("kind").get<std::string>();
      if (kind == "step") log.steps.push_back(read_step(object));
      if (kind == "eval") log.evals.push_back(read_eval(object));
    } catch (const std::exception& problem) {
      error = Error{ErrorCode::kInvalid, "metrics.jsonl:" + std::to_string(number_of_line) +
                                             ": not a line that Troupe writes (" + problem.what() +
                                             ")"};
    }
  });
  if (error) return tl::unexpected<Error>(*error);
  return log;
}

std::string kept_metrics(std::string_view text, std::int64_t start_step) {
  std::string kept;
  if (start_step <= 0) return kept;
  each_line(text, [&](int, std::string_view line) {
    try {
      const Json object = Json::parse(line);
      const std::string kind = object.at("kind").get<std::string>();
      if (kind == "step") {
        const StepReport report = read_step(object);
        if (report.phase != "warm_start" && report.step > start_step) return;
      } else if (kind == "checkpoint") {
        if (object.at("step").get<std::int64_t>() > start_step) return;
      } else if (kind != "eval" || read_eval(object).step > start_step) {
        return;
      }
      kept.append(line).push_back('\n');
    } catch (const std::exception&) {
      // Half a line, or not ours: dropped.
    }
  });
  return kept;
}

}  // namespace troupe
