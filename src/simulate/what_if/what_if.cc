#include "simulate/what_if/what_if.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/run_file.h"
#include "orchestrate/policy_start.h"
#include "simulate/workload/workload_files.h"

namespace troupe {
namespace {

Status invalid(std::string message) { return fail(ErrorCode::kInvalid, std::move(message)); }

/// Tables of a simulated run that the run file decides here.
bool is_runs(const std::string& table) {
  return table == "pipeline" || table == "router" || table == "balancer" || table == "experience";
}

/// kInvalid if the cluster file has them, or single keys of that kind.
Status check_whose(const RunFile& cluster) {
  for (const std::string& table : cluster.tables("")) {
    if (is_runs(table)) {
      return invalid(
          fmt::format("[{}] comes from the run file: remove it from the cluster file, or "
                      "use --set {}.KEY=VALUE",
                      table, table));
    }
  }
  for (const char* key : {"simulation.groups", "simulation.group_size", "team.agents"}) {
    if (cluster.text(key)) {
      return invalid(fmt::format(
          "{} comes from the run file (rollout.groups, rollout.group_size, its policies): remove "
          "it from the cluster file",
          key));
    }
  }
  return {};
}

Result<ModelShape> shape_of(Disk& disk, const RunOptions& run, const PolicyOptions& policy,
                            BaseFolders& folders) {
  TROUPE_ASSIGN(const PolicyStart start, make_policy_start(disk, run, policy, folders));
  ModelShape out;
  out.name = policy.name;
  out.parameters = static_cast<double>(start.config.parameters());
  out.layers = start.config.layers;
  out.hidden = start.config.width;
  out.kv_heads = start.config.kv_heads;
  out.head_dim = start.config.head_dim;
  out.bytes = policy.model.dtype == "fp32" ? 4 : 2;
  return out;
}

Status take_run(const RunOptions& run, WhatIf& out) {
  SimulationOptions& o = out.options;
  o.run.groups = run.rollout.groups;
  o.run.group_size = run.rollout.group_size;
  o.pipeline.mode = run.policies.front()->pipeline;
  for (const auto& policy : run.policies) {
    if (policy->pipeline == o.pipeline.mode) continue;
    return invalid(
        fmt::format("policy.{}.pipeline differs from that of policy {}: the simulator "
                    "has one mode for all of a team",
                    policy->name, run.policies.front()->name));
  }
  // What a mode has no use for a run file may still say for another policy.
  if (o.pipeline.mode.mode != "overlap") {
    const std::string mode = o.pipeline.mode.mode;
    o.pipeline.mode = ModeOptions();
    o.pipeline.mode.mode = mode;
  }
  o.pipeline.micro_batch = run.pipeline.micro_batch;
  o.pipeline.tail = run.pipeline.tail;
  o.pipeline.tail_factor = run.pipeline.tail_factor;
  o.experience.selection = run.experience.selection;
  o.router = run.router;
  o.balancer = run.balancer;
  o.team.agents = static_cast<std::int64_t>(run.policies.size());
  if (o.workload.lengths != "empirical") {
    for (const auto& policy : run.policies) {
      o.workload.speakers.push_back(static_cast<int>(policy->agents.size()));
    }
    if (run.environment->agents().size() > run.policies.size()) {
      out.notes.emplace_back(
          "several agents share a policy: a policy speaks by its share, then any of its agents");
    }
  }
  o.cluster.training_slots = run.training.slots == o.team.agents ? 0 : run.training.slots;
  return {};
}

/// Divides the devices if the file does not.
void divide(const RunFile& cluster, const RunOptions& run, WhatIf& out) {
  ClusterOptions& c = out.options.cluster;
  if (c.shared) {
    if (!cluster.text("cluster.training_devices")) c.training_devices = c.devices;
    return;
  }
  const std::int64_t wanted = run.instances.count;
  if (!cluster.text("cluster.training_devices")) {
    const std::int64_t left = c.devices - wanted * c.tensor_parallel;
    c.training_devices = wanted > 0 && left > 0 ? left : std::max<std::int64_t>(1, c.devices / 2);
    out.notes.push_back(fmt::format(
        "cluster.training_devices is not given: {} train{}", c.training_devices,
        wanted > 0 && left > 0 ? fmt::format(", what instances.count = {} leaves", wanted)
                               : ", half; --search looks for the best split"));
  } else if (wanted > 0 && wanted != out.options.instances()) {
    out.notes.push_back(
        fmt::format("the run file has instances.count = {}; the cluster's devices make {}", wanted,
                    out.options.instances()));
  }
}

}  // namespace

std::vector<std::unique_ptr<OptionSet>> declare_cluster_file(SimulationOptions& o) {
  std::vector<std::unique_ptr<OptionSet>> out;
  for (auto& set : o.declare()) {
    const std::string& table = set->prefix();
    if (is_runs(table)) continue;
    if (table == "simulation" || table == "team") {
      auto some = std::make_unique<OptionSet>(table);
      for (const Option& option : set->options()) {
        if (option.key == "simulation.groups" || option.key == "simulation.group_size" ||
            option.key == "team.agents") {
          continue;
        }
        Option& copy = some->add(option.key.substr(table.size() + 1), option.target, option.help);
        copy.low = option.low;
        copy.high = option.high;
      }
      set = std::move(some);
    }
    out.push_back(std::move(set));
  }
  return out;
}

Result<WhatIf> read_what_if(Disk& disk, RunFile& cluster, const RunOptions& run) {
  WhatIf out;
  SimulationOptions& o = out.options;
  TROUPE_TRY(check_whose(cluster));
  o.run.seed = run.run.seed;
  const std::vector<std::string> tables = cluster.tables("");
  const bool models = std::find(tables.begin(), tables.end(), "team") != tables.end();
  for (const auto& set : declare_cluster_file(o)) TROUPE_TRY(cluster.bind(*set));
  TROUPE_TRY(cluster.finish());
  TROUPE_TRY(take_run(run, out));
  if (!models) {
    BaseFolders folders;
    for (const auto& policy : run.policies) {
      TROUPE_ASSIGN(ModelShape shape, shape_of(disk, run, *policy, folders));
      o.team.shapes.push_back(std::move(shape));
      if (policy->model.lora_rank > 0 && &policy == &run.policies.front()) {
        out.notes.emplace_back("adapters are simulated as whole models");
      }
    }
  }
  // One slot of a shared machine is all of it: its policies take turns, and nothing is swapped.
  if (o.cluster.shared && o.measured.given()) o.cluster.training_slots = o.team.agents > 1 ? 1 : 0;
  divide(cluster, run, out);
  TROUPE_TRY(load_workload(disk, static_cast<int>(o.team.agents), o.workload));
  TROUPE_TRY(o.check());
  return out;
}

}  // namespace troupe
