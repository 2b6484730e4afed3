#include <fmt/format.h>

#include "orchestrate/idle_parts.h"
#include "simulate/simulation_options.h"

namespace troupe {

Status SimulationOptions::check_devices() const {
  const ClusterOptions& c = cluster;
  const auto invalid = [](std::string message) {
    return fail(ErrorCode::kInvalid, std::move(message));
  };
  if (c.training_devices > c.devices ||
      (!c.shared && c.training_devices == c.devices && c.other_devices == 0)) {
    return invalid(
        fmt::format("cluster.training_devices = {} leaves none of cluster.devices = {} to rollout",
                    c.training_devices, c.devices));
  }
  if (c.serial_load && pipeline.mode.mode != "barrier") {
    return invalid(
        "cluster.serial_load = true: all policies take their steps together; set pipeline.mode = "
        "\"barrier\"");
  }
  TROUPE_TRY(check_shared());
  if (c.training_slots > team.agents || c.training_slots == team.agents) {
    return invalid(
        fmt::format("cluster.training_slots = {} would do nothing with {} agents: each "
                    "policy has a slot of its own then; set it to 0",
                    c.training_slots, team.agents));
  }
  if (c.training_devices < slots()) {
    return invalid(
        fmt::format("cluster.training_devices = {} are fewer than the {} policies or "
                    "slots that they are divided among",
                    c.training_devices, slots()));
  }
  if (c.training_tensor_parallel > slot_devices()) {
    return invalid(
        fmt::format("cluster.training_tensor_parallel = {} exceeds the {} devices of a "
                    "training slot",
                    c.training_tensor_parallel, slot_devices()));
  }
  if (c.tensor_parallel > c.devices_per_node) {
    return invalid(
        fmt::format("cluster.tensor_parallel = {} exceeds cluster.devices_per_node = "
                    "{}: an instance does not leave its node",
                    c.tensor_parallel, c.devices_per_node));
  }
  if (instances() < team.agents * balancer.minimum) {
    return invalid(fmt::format(
        "{} devices make {} rollout instances of {}, fewer than the {} that {} agents need; lower "
        "cluster.tensor_parallel or raise cluster.devices",
        rollout_devices() + c.other_devices, instances(), c.tensor_parallel,
        team.agents * balancer.minimum, team.agents));
  }
  return {};
}

Status SimulationOptions::check_shared() const {
  const auto invalid = [](const char* message) { return fail(ErrorCode::kInvalid, message); };
  if (reward.when == "step" && (pipeline.mode.mode != "barrier" || team.agents != 1)) {
    return invalid(
        "reward.when = \"step\" scores a step between its rollout and its training, of one "
        "policy: set pipeline.mode = \"barrier\" and team.agents = 1, or reward.when = "
        "\"sample\"");
  }
  if (!cluster.shared || pipeline.mode.mode != "micro_batch" || measured.given()) {
    TROUPE_TRY(idle_if_given("cluster.scale_down", cluster.scale_down, ClusterOptions().scale_down,
                             "no devices leave a rollout for its training",
                             "set cluster.shared = true and pipeline.mode = \"micro_batch\""));
  }
  if (!cluster.shared) return {};
  if (cluster.training_devices != cluster.devices) {
    return invalid(
        "cluster.shared = true: training has all devices; set cluster.training_devices = "
        "cluster.devices");
  }
  if (pipeline.mode.mode == "barrier" || measured.given()) return {};
  if (team.agents != 1) {
    return invalid(
        "cluster.shared = true: only one policy can take devices from rollout before it is over; "
        "set team.agents = 1 or pipeline.mode = \"barrier\"");
  }
  if (pipeline.mode.mode == "overlap" && pipeline.mode.update != "abort") {
    return invalid(
        "cluster.shared = true: rollout stops for training and goes on with the new weights; set "
        "pipeline.update = \"abort\" or another mode");
  }
  return {};
}

Status SimulationOptions::check_others() const {
  const ClusterOptions standard;
  const std::string no_devices = "cluster.other_devices is 0";
  const std::string some_devices = "set cluster.other_devices";
  if (cluster.other_devices == 0) {
    TROUPE_TRY(idle_if_given("cluster.other_device", cluster.other_device, standard.other_device,
                             no_devices, some_devices));
    TROUPE_TRY(idle_if_given("cluster.other_tensor_parallel", cluster.other_tensor_parallel,
                             standard.other_tensor_parallel, no_devices, some_devices));
    TROUPE_TRY(idle_if_given("cluster.affinity", cluster.affinity, standard.affinity, no_devices,
                             some_devices));
  } else if (team.agents != 1 || cluster.shared) {
    return fail(ErrorCode::kInvalid,
                "cluster.other_devices: instances of two kinds serve one policy, and only "
                "rollout; set team.agents = 1 and cluster.shared = false");
  }
  if (run.other_tasks > 0) {
    if (other_workload.lengths != "lognormal" || workload.lengths == "empirical") {
      return fail(ErrorCode::kInvalid,
                  "[other_workload] has lengths = \"lognormal\" only, beside \"lognormal\" or "
                  "\"trace\"; set other_workload.lengths and workload.lengths, or "
                  "simulation.other_tasks = 0");
    }
    const Status other = other_workload.check();
    if (!other) return within("[other_workload]", other.error());
    return {};
  }
  TROUPE_TRY(idle_if_given("cluster.affinity", cluster.affinity, standard.affinity,
                           "simulation.other_tasks is 0", "set simulation.other_tasks"));
  if (other_workload == WorkloadOptions()) return {};
  return fail(ErrorCode::kInvalid,
              "[other_workload] would do nothing: simulation.other_tasks is 0; set it, or remove "
              "the table");
}

}  // namespace troupe
