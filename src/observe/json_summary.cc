#include "observe/json_summary.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "observe/metrics_format.h"

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// Null if the evaluation did not take place.
Json eval_of(const EvalReport& report) {
  if (report.episodes == 0) return nullptr;
  Json out = Json::parse(eval_line(report));
  out.erase("kind");
  return out;
}

Json states_of(const StateSeconds& seconds) {
  Json out = Json::object();
  for (const auto& [state, share] : shares(seconds)) out[state] = number(share);
  return out;
}

/// Per policy: the last RL step's metrics (the warm start's if there was no RL) and the digest.
Json policies_of(const RunHistory& history, const FinalReport& report) {
  Json out = Json::object();
  for (const PolicyInfo& info : history.info().policies) {
    out[info.policy] = Json{{"parameters", info.parameters}, {"shape", info.shape}};
  }
  for (const auto& [policy, digest] : report.weights_digests)
    out[policy]["weights_digest"] = digest;
  if (history.steps().empty()) return out;
  const StepReport& last = history.steps().back();
  const Json metrics = Json::parse(step_line(last));
  for (const PolicyStep& policy : last.policies) {
    Json& entry = out[policy.policy];
    for (const auto& [key, value] : metrics["policies"][policy.policy].items()) entry[key] = value;
    if (last.seconds > 0) {
      entry["generate_tokens_per_second"] =
          number(static_cast<double>(policy.tokens_generated) / last.seconds);
      entry["train_tokens_per_second"] =
          number(static_cast<double>(policy.tokens_trained) / last.seconds);
    }
  }
  return out;
}

}  // namespace

std::string json_summary(const RunHistory& history, const FinalReport& report) {
  Json out;
  out["status"] = report.status;
  out["message"] = report.message;
  out["name"] = history.info().name;
  out["environment"] = history.info().environment;
  out["seed"] = history.info().seed;
  out["isa"] = history.info().isa;
  out["threads"] = history.info().threads;
  out["steps"] = report.steps;
  out["seconds"] = number(report.seconds);
  out["warm_start_seconds"] = number(report.warm_start_seconds);
  out["rl_seconds"] = number(report.rl_seconds);
  out["peak_bytes"] = report.peak_bytes;
  out["warm_start"] = eval_of(report.warm_start);
  if (!out["warm_start"].is_null()) {
    out["warm_start"]["seconds"] = number(report.warm_start_seconds);
  }
  out["final"] = eval_of(report.final);
  if (out["final"].is_null()) out["final"] = Json::object();
  out["final"]["weights_digest"] = report.weights_digest;
  out["policies"] = policies_of(history, report);
  StateSeconds all;
  out["workers"] = Json::object();
  for (const auto& [worker, states] : report.states) {
    out["workers"][worker] = states_of(states);
    for (const auto& [state, seconds] : states) all[state] += seconds;
  }
  out["states"] = states_of(all);
  out["evaluations"] = Json::array();
  for (const EvalReport& eval : history.evals()) out["evaluations"].push_back(eval_of(eval));
  out["steps_log"] = Json::array();
  for (const StepReport& step : history.steps()) {
    Json entry = Json::parse(step_line(step));
    entry.erase("kind");
    out["steps_log"].push_back(std::move(entry));
  }
  out["run_folder"] = history.info().folder;
  out["checkpoint"] = report.checkpoint;
  out["best_checkpoint"] = report.best_checkpoint;
  out["report"] = report.report_path;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void JsonSummary::on_finish(const FinalReport& report) {
  try {
    sink_(json_summary(history_, report) + "\n");
  } catch (const std::exception& problem) {
    complaints_.note(std::string("the JSON summary could not be written: ") + problem.what());
  }
}

}  // namespace troupe
