#include "simulate/simulation_options.h"

#include "config/run_file.h"

namespace troupe {

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

Status bind_simulation(RunFile& file, SimulationOptions& options) {
  for (const auto& set : options.declare()) TROUPE_TRY(file.bind(*set));
  return file.finish();
}

Status read_simulation(RunFile& file, SimulationOptions& options) {
  TROUPE_TRY(bind_simulation(file, options));
  return options.check();
}

}  // namespace troupe
