#include "simulate/team/simulated_team.h"

#include <algorithm>
#include <cmath>

#include "simulate/workload/workload_environment.h"

namespace troupe {

Result<std::unique_ptr<SimulatedTeam>> SimulatedTeam::make(Executor& executor,
                                                           const SimulationOptions& options,
                                                           const TeamCosts& costs) {
  std::unique_ptr<SimulatedTeam> team(new SimulatedTeam(options));
  TROUPE_ASSIGN(team->instances_, SimulatedInstances::make(executor, options, costs));
  team->times_ = std::make_shared<SlotTimes>(executor, options.slots());
  TROUPE_ASSIGN(team->trainers_,
                SimulatedTrainers::make(executor, options, costs.training, team->times_));
  team->trainers_->publish_after([&sync = team->instances_->weight_sync()](int policy) {
    return sync.before_publishing(policy);
  });
  if (!options.cluster.shared) return team;
  if (options.measured.given()) {
    const auto taken = [seconds = team->instances_->device_seconds(),
                        instances = options.instances()] {
      return (seconds->decode + seconds->prefill) / instances;
    };
    team->trainers_->compute_beside(executor, taken);
  } else if (options.pipeline.mode.mode != "barrier") {
    team->share_devices(executor, costs);
  }
  return team;
}

void SimulatedTeam::share_devices(Executor& executor, const TeamCosts& costs) {
  const EmulatedOptions& instance = costs.rollout.front();
  SharedDevices::Setting setting;
  setting.groups = options_.run.groups;
  setting.group_size = options_.run.group_size;
  setting.room = std::min(instance.max_batch, instance.kv_tokens / options_.workload.max_context);
  setting.load_time = std::llround(instance.cost.load() * kSecond);
  setting.overlap = options_.pipeline.mode.mode == "overlap";
  setting.pays = options_.cluster.scale_down == "pays";
  setting.cost = instance.cost;
  setting.training = costs.training.front();
  setting.prompt_tokens = static_cast<double>(options_.workload.prompt_tokens);
  setting.longest_answer = static_cast<double>(
      std::min(options_.workload.turns * options_.answer_cap(), options_.workload.max_context));
  shared_ = std::make_unique<SharedDevices>(executor, instances_->pool(), *times_,
                                            options_.instances(), setting);
  instances_->share(*shared_);
  trainers_->share(*shared_);
}

AgentBindings SimulatedTeam::bindings() const {
  AgentBindings out;
  for (std::size_t a = 0; a < policies(); ++a) {
    AgentBinding binding;
    binding.policy = agent_name(static_cast<int>(a));
    binding.engine = &instances_->engine(a);
    binding.tokenizer = tokenizer_;
    binding.max_answer_tokens = static_cast<int>(options_.answer_cap());
    binding.max_context = static_cast<int>(options_.max_context());
    for (int s = 0; s < options_.workload.speakers_of(static_cast<int>(a)); ++s) {
      out[agent_name(static_cast<int>(a), s)] = binding;
    }
  }
  return out;
}

std::vector<PolicyLane> SimulatedTeam::lanes() {
  std::vector<PolicyLane> out;
  const ModeOptions& mode = options_.pipeline.mode;
  for (std::size_t a = 0; a < policies(); ++a) {
    PolicyLane lane;
    lane.policy = agent_name(static_cast<int>(a));
    for (int s = 0; s < options_.workload.speakers_of(static_cast<int>(a)); ++s) {
      lane.agents.push_back(agent_name(static_cast<int>(a), s));
    }
    lane.rollout = &instances_->engine(a);
    lane.train = &trainers_->engine(a);
    lane.mode = mode.pipeline_mode();
    lane.staleness = mode.bound();
    lane.update = mode.weight_update();
    out.push_back(lane);
  }
  return out;
}

}  // namespace troupe
