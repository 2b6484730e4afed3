#include "simulate/simulation_options.h"

#include <fmt/format.h>

#include "config/run_file.h"
#include "experience/admission.h"
#include "orchestrate/idle_parts.h"

namespace troupe {

void SimulatedRun::declare(OptionSet& o) {
  o.add("steps", &steps, "Optimizer steps that are simulated.").range(1, 1e6);
  o.add("groups", &groups, "Tasks in a step.").range(1, 1e6);
  o.add("group_size", &group_size, "Episodes of each task.").range(1, 1e5);
  o.add("seed", &seed, "All that is drawn follows from it.").range(0, 1e18);
  o.add("other_tasks", &other_tasks,
        "Share of the tasks that are of [other_workload] instead of [workload].")
      .range(0, 1);
}

void ClusterOptions::declare(OptionSet& o) {
  o.add("device", &device,
        "What the accelerators are: h100, h200, h800, h20, mi300x, l40s, npu64 or cpu.");
  o.add("devices", &devices, "Accelerators in all.").range(1, 1e6);
  o.add("devices_per_node", &devices_per_node, "Accelerators of one node.").range(1, 1e4);
  o.add("training_devices", &training_devices,
        "Accelerators that train, divided equally among the policies or slots; the others serve "
        "rollout instances.")
      .range(1, 1e6);
  o.add("tensor_parallel", &tensor_parallel, "Accelerators of a rollout instance.").range(1, 1024);
  o.add("training_tensor_parallel", &training_tensor_parallel,
        "Accelerators that hold one replica of a policy in training.")
      .range(1, 1024);
  o.add("training_slots", &training_slots,
        "Sets of training accelerators that the policies share; one that finds another's state in "
        "a slot swaps it. 0: each policy has its own.")
      .range(0, 1e4);
  o.add("shared", &shared,
        "All accelerators do both. barrier: rollout, and then training. micro_batch: half of them "
        "go over to training when what rollout has left fits the others (RollPacker's stream "
        "trainer). overlap: rollout stops when a step has its groups, and goes on where it was "
        "after it. With [measured], one machine: training computes with what rollout leaves. Both "
        "tables of utilisation then count all of them.");
  o.add("device_price", &device_price,
        "Of a device for an hour, in any currency: what a step costs is then shown.")
      .range(0, 1e9);
  o.add("swap_bandwidth", &swap_bandwidth,
        "Bytes a second at which the whole training state of a policy is swapped, in or out. 0: "
        "all host links of its slot at once.")
      .range(0, 1e15);
  o.add("load_bandwidth", &load_bandwidth,
        "Bytes a second at which an instance takes new weights. 0: the network links of its "
        "devices at once.")
      .range(0, 1e15);
  o.add("other_device", &other_device,
        "What accelerators of a second kind are, which serve rollout only; a preset as in device.");
  o.add("other_devices", &other_devices,
        "Accelerators of other_device, besides cluster.devices. 0: none.")
      .range(0, 1e6);
  o.add("other_tensor_parallel", &other_tensor_parallel,
        "Accelerators of other_device in a rollout instance.")
      .range(1, 1024);
  o.add("affinity", &affinity,
        "Tasks of [workload] go to instances of device, those of [other_workload] to instances of "
        "other_device, and to the others if none of these has room (RollArt's hardware affinity). "
        "router.kind chooses among them.");
  o.add("serial_load", &serial_load,
        "New weights are sent to one policy's instances after another's, as MARTI does, in mode "
        "barrier.");
  o.add("kv_share", &kv_share,
        "Share of workload.max_context that a session reserves of its instance's KV cache. 1: all "
        "of it, as the pool of a run does; less: an engine that hands out pages as contexts grow, "
        "and is lucky enough never to take one back.")
      .range(0.01, 1);
}

void TeamShape::declare(OptionSet& o) {
  o.add("agents", &agents, "Agents of the team, each with a policy of its own.").range(1, 4096);
  o.add("models", &models, "Models of the policies; the list is repeated as often as needed.");
}

void SimulatedPipeline::declare(OptionSet& o) {
  mode.declare(o);
  o.add("micro_batch", &micro_batch,
        "Complete groups that backward begins with, while the rest is still being generated.")
      .range(1, 1e6);
  o.add("tail", &tail, "How a step keeps its slowest episodes from holding it up.")
      .one_of({"none", "redundant_groups", "redundant_members", "tail_batching"});
  o.add("tail_factor", &tail_factor,
        "How many times as many groups or episodes are launched as a step needs, with a tail.")
      .range(1, 8);
  o.add("lockstep", &lockstep,
        "Episodes wait for each other at every turn, as where one turn of a whole batch is "
        "generated at a time.");
}

void SimulatedExperience::declare(OptionSet& o) {
  o.add("selection", &selection,
        "Which of the ready groups a step trains on: those that were admitted for it, the oldest "
        "version first, or whatever is complete. Others than admission are for mode overlap.")
      .one_of({"admission", "oldest_first", "arrival"});
}

std::vector<std::unique_ptr<OptionSet>> SimulationOptions::declare() {
  std::vector<std::unique_ptr<OptionSet>> out;
  const auto add = [&out](const char* table, auto& options) {
    out.push_back(std::make_unique<OptionSet>(table));
    options.declare(*out.back());
  };
  add("simulation", run);
  add("cluster", cluster);
  add("roofline", efficiency);
  add("measured", measured);
  add("team", team);
  add("workload", workload);
  add("other_workload", other_workload);
  add("reward", reward);
  add("pipeline", pipeline);
  add("experience", experience);
  add("router", router);
  add("balancer", balancer);
  add("weights", weights);
  add("serving", serving);
  return out;
}

Status SimulationOptions::check_shared() const {
  const auto invalid = [](const char* message) { return fail(ErrorCode::kInvalid, message); };
  if (reward.when == "step" && (pipeline.mode.mode != "barrier" || team.agents != 1)) {
    return invalid(
        "reward.when = \"step\" scores a step between its rollout and its training, of one "
        "policy: set pipeline.mode = \"barrier\" and team.agents = 1, or reward.when = "
        "\"sample\"");
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

Status SimulationOptions::check() const {
  TROUPE_TRY(workload.check());
  TROUPE_TRY(check_others());
  TROUPE_TRY(weights.check());
  TROUPE_TRY(serving.check());
  if (serving.instances > 0 && (team.agents != 1 || cluster.shared)) {
    return fail(ErrorCode::kInvalid,
                "serving.instances lend to one policy's rollout: set team.agents = 1 and "
                "cluster.shared = false");
  }
  TROUPE_TRY(reward.check());
  TROUPE_TRY(measured.check(efficiency));
  if (measured.given() && !(weights == WeightSyncOptions())) {
    return fail(ErrorCode::kInvalid,
                "[weights] would do nothing: with [measured] new weights are in the same memory; "
                "remove it");
  }
  if (!workload.agent_shares.empty() &&
      static_cast<std::int64_t>(workload.agent_shares.size()) != team.agents) {
    return fail(ErrorCode::kInvalid,
                fmt::format("workload.agent_shares has {} numbers for {} agents",
                            workload.agent_shares.size(), team.agents));
  }
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
  if (balancer.kind == "none") {
    const BalancerOptions standard;
    const std::string why = "balancer.kind is \"none\"";
    const std::string remedy = "set balancer.kind = \"disparity\"";
    TROUPE_TRY(
        idle_if_given("balancer.threshold", balancer.threshold, standard.threshold, why, remedy));
    TROUPE_TRY(idle_if_given("balancer.cooldown_seconds", balancer.cooldown_seconds,
                             standard.cooldown_seconds, why, remedy));
  }
  if (team.models.empty()) return invalid("team.models is empty");
  if (pipeline.mode.mode != "overlap") {
    const ModeOptions standard;
    const std::string why = "pipeline.mode is \"" + pipeline.mode.mode + "\"";
    const std::string remedy = "set pipeline.mode = \"overlap\"";
    TROUPE_TRY(idle_if_given("pipeline.staleness", pipeline.mode.staleness, standard.staleness, why,
                             remedy));
    TROUPE_TRY(
        idle_if_given("pipeline.update", pipeline.mode.update, standard.update, why, remedy));
  } else if (pipeline.tail != "none") {
    return invalid(
        "pipeline.tail keeps staleness at 0, which mode = \"overlap\" has no need of; "
        "choose one of them");
  }
  if (pipeline.mode.mode != "overlap") {
    TROUPE_TRY(idle_if_given(
        "experience.selection", experience.selection, SimulatedExperience().selection,
        "pipeline.mode is \"" + pipeline.mode.mode + "\"", "set pipeline.mode = \"overlap\""));
  }
  if (pipeline.mode.mode == "overlap") {
    AdmissionSettings pace;
    pace.batch = run.groups;
    pace.staleness = pipeline.mode.staleness;
    const Status valid = validate(pace);
    if (!valid) return within("pipeline.staleness", valid.error());
  }
  if (pipeline.mode.mode == "barrier" && pipeline.micro_batch != 1) {
    return idle_if_given("pipeline.micro_batch", pipeline.micro_batch, std::int64_t{1},
                         "pipeline.mode is \"barrier\"", "set another mode");
  }
  if (pipeline.micro_batch > run.groups) {
    return invalid(fmt::format("pipeline.micro_batch = {} exceeds simulation.groups = {}",
                               pipeline.micro_batch, run.groups));
  }
  if (pipeline.tail == "none") {
    TROUPE_TRY(idle_if_given("pipeline.tail_factor", pipeline.tail_factor,
                             SimulatedPipeline().tail_factor, "pipeline.tail is \"none\"",
                             "choose a tail"));
  }
  return {};
}

Status read_simulation(RunFile& file, SimulationOptions& options) {
  for (const auto& set : options.declare()) TROUPE_TRY(file.bind(*set));
  TROUPE_TRY(file.finish());
  return options.check();
}

}  // namespace troupe
