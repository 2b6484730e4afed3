#include "simulate/what_if/what_if_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "simulate/report.h"

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

/// A line for each state, the longest first.
std::string states_table(const char* title, const std::map<std::string, double>& shares,
                         double step_seconds) {
  std::vector<std::pair<double, std::string>> rows;
  for (const auto& [state, share] : shares) {
    if (share >= 0.0005) rows.emplace_back(share, state);
  }
  std::sort(rows.rbegin(), rows.rend());
  std::string out = fmt::format("{:<34}{:>8}{:>16}\n", title, "share", "s of a step");
  for (const auto& [share, state] : rows) {
    out += fmt::format("  {:<32}{:>7.1f}%{:>16.4g}\n", state, 100 * share, share * step_seconds);
  }
  return out;
}

std::string splits_table(const SimulationOptions& o, const std::vector<DeviceSplit>& splits) {
  const DeviceSplit& best = best_split(splits);
  const bool price = o.cluster.device_price > 0;
  std::string out =
      fmt::format("\n{:>9}{:>11}{:>12}{:>14}{:>15}{}\n", "training", "instances", "step s",
                  "rollout busy", "training busy", price ? "   cost of a step" : "");
  for (const DeviceSplit& split : splits) {
    out += fmt::format("{:>9}{:>11}{:>12.4g}{:>13.0f}%{:>14.0f}%", split.training_devices,
                       split.instances, split.step_seconds, 100 * split.rollout_busy,
                       100 * split.training_busy);
    if (price) out += fmt::format("{:>17.4g}", step_cost(o, split.step_seconds));
    out += &split == &best ? "  best\n" : "\n";
  }
  out += fmt::format("best split: cluster.training_devices = {} of {}, a step of {:.4g} s\n",
                     best.training_devices, o.cluster.devices, best.step_seconds);
  return out;
}

}  // namespace

double step_cost(const SimulationOptions& o, double step_seconds) {
  return static_cast<double>(o.cluster.devices) * o.cluster.device_price * step_seconds / 3600;
}

std::string what_if_text(const WhatIf& asked, const SimulationResult& r, const Bottleneck& b,
                         const std::vector<DeviceSplit>& splits) {
  const SimulationOptions& o = asked.options;
  std::string out = simulation_text(o, r);
  const double step = r.step_seconds();
  out += "\n" + states_table("rollout instances", r.rollout, step);
  out += states_table("training slots", r.training, step);
  out += fmt::format("\nbottleneck  {}: {}\n", b.part, b.why);
  for (const Remedy& remedy : b.remedies) {
    out += fmt::format("  {:<32}{:>10.4g} s{:>+8.1f}%\n", remedy.what, remedy.step_seconds,
                       -100 * remedy.gain);
  }
  if (o.cluster.device_price > 0) {
    out += fmt::format("cost        {:.4g} a step: {} devices at {:g} an hour\n",
                       step_cost(o, step), o.cluster.devices, o.cluster.device_price);
  }
  if (!splits.empty()) out += splits_table(o, splits);
  for (const std::string& note : asked.notes) out += "note: " + note + "\n";
  return out;
}

std::string what_if_json(const WhatIf& asked, const SimulationResult& r, const Bottleneck& b,
                         const std::vector<DeviceSplit>& splits) {
  const SimulationOptions& o = asked.options;
  Json out = Json::parse(simulation_json(o, r));
  out["bottleneck"] = {{"part", b.part}, {"why", b.why}};
  for (const Remedy& remedy : b.remedies) {
    out["bottleneck"]["remedies"].push_back({{"what", remedy.what},
                                             {"part", remedy.part},
                                             {"step_seconds", remedy.step_seconds},
                                             {"gain", remedy.gain}});
  }
  if (o.cluster.device_price > 0) out["step_cost"] = step_cost(o, r.step_seconds());
  for (const DeviceSplit& split : splits) {
    Json row = {{"training_devices", split.training_devices},
                {"rollout_instances", split.instances},
                {"step_seconds", split.step_seconds},
                {"rollout_busy", split.rollout_busy},
                {"training_busy", split.training_busy}};
    if (o.cluster.device_price > 0) row["step_cost"] = step_cost(o, split.step_seconds);
    out["splits"].push_back(row);
  }
  if (!splits.empty()) out["best_training_devices"] = best_split(splits).training_devices;
  out["notes"] = asked.notes;
  return out.dump(2);
}

}  // namespace troupe
