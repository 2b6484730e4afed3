#include "orchestrate/policy_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/run_file.h"
#include "orchestrate/run_options.h"

namespace troupe {
namespace {

/// Every agent is played by one policy.
Status check_players(const RunOptions& o, const std::vector<std::string>& agents) {
  std::map<std::string, std::string> player;
  for (const auto& policy : o.policies) {
    if (policy->agents.empty()) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("policy.{}.agents is empty: name the agents that it plays; {} has {}",
                              policy->name, o.environment_name, fmt::join(agents, ", ")));
    }
    for (const std::string& agent : policy->agents) {
      if (std::find(agents.begin(), agents.end(), agent) == agents.end()) {
        return fail(ErrorCode::kInvalid,
                    fmt::format("policy.{}.agents: {} has no agent \"{}\"; it has {}", policy->name,
                                o.environment_name, agent, fmt::join(agents, ", ")));
      }
      const auto [other, fresh] = player.emplace(agent, policy->name);
      if (!fresh) {
        return fail(
            ErrorCode::kInvalid,
            fmt::format("agent \"{}\" is played by policy.{} and by policy.{}; leave it in one",
                        agent, other->second, policy->name));
      }
    }
  }
  for (const std::string& agent : agents) {
    if (!player.contains(agent)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("no policy plays agent \"{}\": add it to the agents of one", agent));
    }
  }
  return {};
}

}  // namespace

void PolicyOptions::declare(OptionSet& o) {
  o.add("agents", &agents,
        "The agents that this policy plays. Its tables [policy.NAME.model], .optimizer, "
        ".algorithm, .pipeline and .warm_start override the common ones.");
}

Status bind_policies(RunFile& file, RunOptions& o) {
  const auto agents = o.environment->agents();
  std::vector<std::string> names = file.tables("policy");
  const bool implied = names.empty();
  if (implied) names = agents;
  for (const std::string& name : names) {
    if (!is_file_name(name)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("policy.{}: a policy's name is a part of file names: use letters, "
                              "digits, _, - and .",
                              name));
    }
    o.policies.push_back(std::make_unique<PolicyOptions>());
    PolicyOptions& policy = *o.policies.back();
    policy.name = name;
    policy.model = o.model;
    policy.optimizer = o.optimizer;
    policy.algorithm = o.algorithm;
    policy.pipeline = o.pipeline.mode;
    policy.warm_start = o.warm_start.course;
    if (names.size() == 1) {
      policy.agents = agents;
    } else if (std::find(agents.begin(), agents.end(), name) != agents.end()) {
      policy.agents = {name};
    }
    if (implied) continue;
    const std::string table = "policy." + name;
    TROUPE_TRY(file.bind(o.add_table(table, policy)));
    TROUPE_TRY(file.bind(o.add_table(table + ".model", policy.model)));
    TROUPE_TRY(file.bind(o.add_table(table + ".optimizer", policy.optimizer)));
    TROUPE_TRY(file.bind(o.add_table(table + ".algorithm", policy.algorithm)));
    TROUPE_TRY(file.bind(o.add_table(table + ".pipeline", policy.pipeline)));
    TROUPE_TRY(file.bind(o.add_table(table + ".warm_start", policy.warm_start)));
  }
  return check_players(o, agents);
}

}  // namespace troupe
