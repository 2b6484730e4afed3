#include "observe/pipeline_format.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "orchestrate/step_stages.h"

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

/// Nanoseconds as seconds, to the microsecond.
double seconds_of(std::int64_t nanos) { return std::round(static_cast<double>(nanos) / 1e3) / 1e6; }

std::int64_t nanos_of(double seconds) {
  return static_cast<std::int64_t>(std::llround(seconds * 1e6)) * 1000;
}

}  // namespace

const std::vector<FlowField>& flow_fields() {
  static const std::vector<FlowField> fields = {
      {"failed_groups", &FlowCounts::failed_groups},
      {"filtered_groups", &FlowCounts::filtered_groups},
      {"put_off_groups", &FlowCounts::put_off_groups},
      {"spare_episodes", &FlowCounts::spare_episodes},
      {"kept_episodes", &FlowCounts::kept_episodes},
      {"resumed_answers", &FlowCounts::resumed_answers},
      {"retried_episodes", &FlowCounts::retried_episodes},
      {"failed_tokens", &FlowCounts::failed_tokens},
      {"filtered_tokens", &FlowCounts::filtered_tokens},
      {"put_off_tokens", &FlowCounts::put_off_tokens},
      {"spare_tokens", &FlowCounts::spare_tokens},
  };
  return fields;
}

Json flow_of(const FlowCounts& flow) {
  Json out = Json::object();
  for (const FlowField& field : flow_fields()) out[field.name] = flow.*field.value;
  if (!flow.limits.empty()) out["limits"] = flow.limits;
  return out;
}

FlowCounts read_flow(const Json& step) {
  FlowCounts flow;
  const auto object = step.find("flow");
  if (object == step.end()) return flow;
  for (const FlowField& field : flow_fields()) {
    flow.*field.value = object->value(field.name, std::int64_t{0});
  }
  flow.limits = object->value("limits", flow.limits);
  return flow;
}

Json stages_of(const StepStages& stages, std::int64_t began) {
  Json out = Json::object();
  for (const StageField& stage : kStepStages) {
    const StageSpan& span = stages.*stage.span;
    if (!took_place(span)) continue;
    out[stage.name] = {seconds_of(span.begin - began), seconds_of(span.end - began)};
  }
  return out;
}

StepStages read_stages(const Json& policy, std::int64_t began) {
  StepStages stages;
  const auto object = policy.find("stages");
  if (object == policy.end()) return stages;
  for (const StageField& stage : kStepStages) {
    const auto span = object->find(stage.name);
    if (span == object->end()) continue;
    (stages.*stage.span).begin = began + nanos_of(span->at(0).get<double>());
    (stages.*stage.span).end = began + nanos_of(span->at(1).get<double>());
  }
  return stages;
}

std::int64_t began_at(double elapsed, double seconds) {
  const double began = elapsed - seconds;
  return std::isfinite(began) ? nanos_of(std::max(began, 0.0)) : 0;
}

double mean_staleness(const std::vector<std::int64_t>& staleness_tokens) {
  double tokens = 0;
  double sum = 0;
  for (std::size_t age = 0; age < staleness_tokens.size(); ++age) {
    tokens += static_cast<double>(staleness_tokens[age]);
    sum += static_cast<double>(age) * static_cast<double>(staleness_tokens[age]);
  }
  return tokens > 0 ? sum / tokens : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace troupe
