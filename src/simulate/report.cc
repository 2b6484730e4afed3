#include "simulate/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

std::string shares_text(const std::map<std::string, double>& shares) {
  std::vector<std::string> out;
  for (const auto& [state, share] : shares) {
    if (share >= 0.0005) out.push_back(fmt::format("{} {:.1f}%", state, 100 * share));
  }
  return fmt::format("{}", fmt::join(out, ", "));
}

double over_bound(const SimulationResult& r) { return r.bound > 0 ? r.seconds / r.bound : 0; }

}  // namespace

std::string step_line(std::int64_t step, std::int64_t steps, const SimulatedStep& done) {
  return fmt::format(
      "step {} of {}: {:.1f} s, rollout busy {:.0f}%, training busy {:.0f}%, {:.3g}M tokens",
      step + 1, steps, done.seconds, 100 * done.rollout_busy, 100 * done.training_busy,
      1e-6 * static_cast<double>(done.tokens));
}

std::string simulation_text(const SimulationOptions& o, const SimulationResult& r) {
  std::string out =
      fmt::format("\n{} agents on {} {}: {} rollout instances of {}, {} training slots of {}\n",
                  o.team.agents, o.cluster.devices, o.cluster.device, r.instances,
                  o.cluster.tensor_parallel, r.slots, o.slot_devices());
  if (o.cluster.other_devices > 0) {
    out += fmt::format("            {} of the instances are {} {} in sets of {}\n",
                       o.other_instances(), o.cluster.other_devices, o.cluster.other_device,
                       o.cluster.other_tensor_parallel);
  }
  const std::int64_t unused = o.rollout_devices() - o.main_instances() * o.cluster.tensor_parallel +
                              o.cluster.training_devices - r.slots * o.slot_devices();
  if (unused > 0) out += fmt::format("unused      {} devices: they divide unevenly\n", unused);
  out += fmt::format("a step      {:.1f} s on average\n", r.step_seconds());
  if (r.bound > 0) {
    out += fmt::format(
        "bound       {:.1f} s, which no schedule beats; this one takes {:.2f} times "
        "as long\n",
        r.bound / static_cast<double>(r.steps.size()), over_bound(r));
  }
  out +=
      fmt::format("generated   {:.0f} tokens/s; {} turns, {} episodes, {:.3g}M tokens\n",
                  r.tokens_per_second(), r.turns, r.episodes, 1e-6 * static_cast<double>(r.tokens));
  out += fmt::format("trained on  {:.3g}M tokens, prompts included\n",
                     1e-6 * static_cast<double>(r.trained));
  out += fmt::format("rollout     {}\n", shares_text(r.rollout));
  out += fmt::format("training    {}\n", shares_text(r.training));
  out += fmt::format("pool        {} requests, {} waited, {} sessions and {} instances moved",
                     r.pool.requests, r.pool.waited, r.pool.migrated, r.pool.moves);
  if (r.serving.requests > 0) {
    out += fmt::format(
        "\nusers       {} answers; {:.2f}% over the objective of the first token, {:.2f}% of a "
        "token's time; KV memory {:.1f}%; taken back {} times",
        r.serving.requests, 100 * r.serving.share_over_ttft(), 100 * r.serving.share_over_tpot(),
        100 * r.serving.kv_share(), r.serving.given);
  }
  if (o.weights.plan != "direct") {
    out += fmt::format("\nweights     {:.2f} s until the last instance has them", r.weight_sync);
  }
  out += r.swaps > 0 ? fmt::format(", {} states swapped\n", r.swaps) : "\n";
  out += fmt::format(
      "simulated   {:.0f} s in {:.1f} s: {:.3g}M events, {:.0f} turns/s, {:.0f} "
      "events/s; digest {}\n",
      r.seconds, r.wall_seconds, 1e-6 * static_cast<double>(r.events),
      static_cast<double>(r.turns) / r.wall_seconds, static_cast<double>(r.events) / r.wall_seconds,
      r.digest);
  return out;
}

std::string simulation_json(const SimulationOptions& o, const SimulationResult& r) {
  Json out;
  out["agents"] = o.team.agents;
  out["device"] = o.cluster.device;
  out["devices"] = o.cluster.devices;
  out["training_devices"] = o.cluster.training_devices;
  out["tensor_parallel"] = o.cluster.tensor_parallel;
  out["rollout_instances"] = r.instances;
  out["training_slots"] = r.slots;
  out["mode"] = o.pipeline.mode.mode;
  out["step_seconds"] = r.step_seconds();
  out["bound_step_seconds"] =
      r.bound > 0 ? Json(r.bound / static_cast<double>(r.steps.size())) : Json(nullptr);
  out["loading_seconds"] = r.loading;
  out["tokens_per_second"] = r.tokens_per_second();
  out["tokens_generated"] = r.tokens;
  out["tokens_trained"] = r.trained;
  out["turns"] = r.turns;
  out["episodes"] = r.episodes;
  out["rollout"] = r.rollout;
  out["training"] = r.training;
  out["pool"] = {{"requests", r.pool.requests},
                 {"waited", r.pool.waited},
                 {"migrated", r.pool.migrated},
                 {"evicted", r.pool.evicted},
                 {"moves", r.pool.moves}};
  out["swaps"] = r.swaps;
  out["weight_sync_seconds"] = r.weight_sync;
  out["steps"] = Json::array();
  for (const SimulatedStep& step : r.steps) {
    out["steps"].push_back({{"seconds", step.seconds},
                            {"rollout_busy", step.rollout_busy},
                            {"training_busy", step.training_busy},
                            {"tokens", step.tokens}});
  }
  out["events"] = r.events;
  out["digest"] = r.digest;
  out["wall_seconds"] = r.wall_seconds;
  return out.dump(2);
}

}  // namespace troupe
