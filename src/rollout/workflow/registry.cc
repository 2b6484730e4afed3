#include "rollout/workflow/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/nearest.h"
#include "rollout/workflow/chain.h"
#include "rollout/workflow/debate.h"
#include "rollout/workflow/mixture.h"
#include "rollout/workflow/per_turn.h"
#include "rollout/workflow/planner_executor_critic.h"
#include "rollout/workflow/self_play.h"
#include "rollout/workflow/tree_search.h"

namespace troupe {
namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Workflow> (*make)();
};

template <class T>
std::unique_ptr<Workflow> make() {
  return std::make_unique<T>();
}

const std::vector<Entry>& entries() {
  static const std::vector<Entry> list = {
      {"environment", make<EnvironmentWorkflow>},
      {"chain", make<ChainWorkflow>},
      {"debate", make<DebateWorkflow>},
      {"mixture", make<MixtureWorkflow>},
      {"planner_executor_critic", make<PlannerExecutorCriticWorkflow>},
      {"tree_search", make<TreeSearchWorkflow>},
      {"per_turn", make<PerTurnWorkflow>},
      {"self_play", make<SelfPlayWorkflow>},
  };
  return list;
}

}  // namespace

std::vector<std::string> workflow_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) names.emplace_back(entry.name);
  return names;
}

Result<std::unique_ptr<Workflow>> make_workflow(const std::string& name) {
  for (const Entry& entry : entries()) {
    if (name == entry.name) return entry.make();
  }
  const auto near = nearest_word(name, workflow_names());
  return fail(ErrorCode::kInvalid,
              fmt::format("workflow.name: unknown workflow '{}'; {}there are {}", name,
                          near ? fmt::format("did you mean '{}'? ", *near) : "",
                          fmt::join(workflow_names(), ", ")));
}

}  // namespace troupe
