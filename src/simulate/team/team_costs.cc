#include "simulate/team/team_costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe {
namespace {

Status check_room(const EmulatedOptions& costs, const ModelShape& model,
                  const SimulationOptions& o) {
  if (costs.kv_tokens >= o.max_context()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("an instance of {} holds {} tokens of KV cache, less than "
                          "workload.max_context = {}; raise cluster.tensor_parallel",
                          model.name, costs.kv_tokens, o.max_context()));
}

void relieve(const Relief& relief, EmulatedOptions& rollout) {
  CostModel& cost = rollout.cost;
  for (double* seconds :
       {&cost.decode_base, &cost.decode_per_sequence, &cost.decode_per_context_token,
        &cost.prefill_base, &cost.prefill_per_token}) {
    *seconds *= relief.answers;
  }
  cost.load_per_byte *= relief.weights;
}

void relieve(const Relief& relief, TrainingCosts& training) {
  for (double* seconds : {&training.per_token, &training.per_group, &training.optimizer,
                          &training.swap_in, &training.swap_out}) {
    *seconds *= relief.training;
  }
}

/// All devices are one machine, whose costs were measured.
void add_measured(const SimulationOptions& o, const ModelShape& model, TeamCosts& out) {
  const auto devices = static_cast<double>(o.cluster.devices);
  EmulatedOptions rollout = o.measured.rollout(
      model.parameters, devices / static_cast<double>(o.cluster.tensor_parallel));
  TrainingCosts training =
      o.measured.training(model.parameters, devices / static_cast<double>(o.slot_devices()));
  relieve(o.relief, rollout);
  relieve(o.relief, training);
  // Before the next step's rollout begins, as the end of a step of a live run.
  training.optimizer += o.measured.step * o.relief.host / static_cast<double>(o.team.agents);
  WeightSyncCosts none;  // in the same memory
  none.network = 1;
  out.sync.push_back(none);
  out.rollout.push_back(rollout);
  out.training.push_back(training);
}

/// An instance of `tensor_parallel` devices of a kind, by the roofline.
Result<EmulatedOptions> instance_costs(const SimulationOptions& o, const Device& device,
                                       std::int64_t tensor_parallel, const ModelShape& model) {
  TROUPE_ASSIGN(EmulatedOptions out,
                rollout_costs(device, static_cast<int>(tensor_parallel), model, o.efficiency));
  TROUPE_TRY(check_room(out, model, o));
  out.kv_tokens = std::llround(static_cast<double>(out.kv_tokens) / o.cluster.kv_share);
  return out;
}

/// Of an instance that serves users, with another model of the size beside it.
Result<EmulatedOptions> serving_costs(const SimulationOptions& o, const EmulatedOptions& rollout,
                                      const ModelShape& model) {
  EmulatedOptions out = rollout;
  out.kv_tokens -= std::llround(model.weight_bytes() / model.kv_bytes());
  EmulatedOptions lent = out;
  lent.kv_tokens = std::llround(o.serving.kv_share * static_cast<double>(out.kv_tokens));
  TROUPE_TRY(check_room(lent, model, o));
  return out;
}

/// Devices by their public figures.
Status add_roofline(const SimulationOptions& o, const Device& device, const ModelShape& model,
                    TeamCosts& out) {
  const ClusterOptions& c = o.cluster;
  TROUPE_ASSIGN(EmulatedOptions rollout, instance_costs(o, device, c.tensor_parallel, model));
  if (c.other_devices > 0) {
    TROUPE_ASSIGN(const Device second, find_device(c.other_device));
    TROUPE_ASSIGN(EmulatedOptions other, instance_costs(o, second, c.other_tensor_parallel, model));
    relieve(o.relief, other);
    out.other.push_back(other);
  }
  TROUPE_ASSIGN(TrainingCosts training,
                training_costs(device, static_cast<int>(o.slot_devices()),
                               static_cast<int>(c.training_tensor_parallel),
                               static_cast<int>(c.devices_per_node), model, o.efficiency));
  if (c.load_bandwidth > 0) rollout.cost.load_per_byte = 1 / c.load_bandwidth;
  // In mode barrier all policies step before the next episode begins, which needs them all.
  if (c.serial_load) rollout.cost.load_per_byte *= static_cast<double>(o.team.agents);
  if (c.swap_bandwidth > 0) {
    training.swap_in = training.swap_out = model.training_bytes() / c.swap_bandwidth;
  }
  WeightSyncCosts sync;
  sync.weight_bytes = model.weight_bytes();
  sync.network = 1 / rollout.cost.load_per_byte;
  sync.training_devices = static_cast<double>(o.slot_devices());
  sync.instance_devices = static_cast<double>(c.tensor_parallel);
  sync.host_seconds = model.weight_bytes() / (static_cast<double>(c.tensor_parallel) *
                                              device.host_link * o.efficiency.link);
  relieve(o.relief, rollout);
  relieve(o.relief, training);
  sync.network /= o.relief.weights;
  sync.host_seconds *= o.relief.weights;
  if (o.serving.instances > 0) {
    TROUPE_ASSIGN(out.serving, serving_costs(o, rollout, model));
  }
  out.sync.push_back(sync);
  out.rollout.push_back(rollout);
  out.training.push_back(training);
  return {};
}

}  // namespace

std::vector<EmulatedOptions> least_costs(const TeamCosts& costs) {
  std::vector<EmulatedOptions> out = costs.rollout;
  for (std::size_t a = 0; a < costs.other.size(); ++a) {
    const CostModel& other = costs.other[a].cost;
    CostModel& least = out[a].cost;
    for (const auto part : {&CostModel::decode_base, &CostModel::decode_per_sequence,
                            &CostModel::decode_per_context_token, &CostModel::prefill_base,
                            &CostModel::prefill_per_token, &CostModel::load_per_byte}) {
      least.*part = std::min(least.*part, other.*part);
    }
  }
  return out;
}

Result<TeamCosts> team_costs(const SimulationOptions& o) {
  TROUPE_ASSIGN(const Device device, find_device(o.cluster.device));
  TeamCosts out;
  for (std::size_t a = 0; a < static_cast<std::size_t>(o.team.agents); ++a) {
    TROUPE_ASSIGN(const ModelShape model, o.team.shape(a));
    if (o.measured.given()) {
      add_measured(o, model, out);
    } else {
      TROUPE_TRY(add_roofline(o, device, model, out));
    }
  }
  return out;
}

}  // namespace troupe
