#include "orchestrate/run_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/run_file.h"
#include "environment/registry.h"
#include "orchestrate/idle_options.h"
#include "orchestrate/run_digest.h"
#include "rollout/workflow/registry.h"
#include "rollout/workflow/team_spec.h"

namespace troupe {
namespace {

void declare_environment_name(OptionSet& set, std::string& name) {
  set.add("name", &name, "Which environment: see `troupe env list`.");
}

void declare_workflow_name(OptionSet& set, std::string& name) {
  set.add("name", &name,
          "Who is asked what, and sees whose answers: see `troupe workflow list`. environment: the "
          "environment says it.");
}

/// Binds the workflow that the file asks for and puts its team around the environment.
Status bind_workflow(RunFile& file, RunOptions& o) {
  o.sets.push_back(std::make_unique<OptionSet>("workflow"));
  OptionSet& set = *o.sets.back();
  declare_workflow_name(set, o.workflow_name);
  TROUPE_ASSIGN(o.workflow, make_workflow(file.text("workflow.name").value_or(o.workflow_name)));
  o.workflow->declare(set);
  TROUPE_TRY(file.bind(set));
  TROUPE_TRY(o.workflow->prepare(*o.environment));
  if (o.workflow->has_team()) {
    o.environment = make_team_spec(std::move(o.environment), *o.workflow);
  }
  return {};
}

/// The tables that all runs have, in the order of the resolved file. The environment's own table is
/// apart, because its options depend on its name.
std::vector<OptionSet*> declare_common(RunOptions& o) {
  return {&o.add_table("run", o.run),
          &o.add_table("rollout", o.rollout),
          &o.add_table("instances", o.instances),
          &o.add_table("router", o.router),
          &o.add_table("balancer", o.balancer),
          &o.add_table("emulated", o.emulated),
          &o.add_table("reward", o.reward),
          &o.add_table("credit", o.credit),
          &o.add_table("pipeline", o.pipeline),
          &o.add_table("training", o.training),
          &o.add_table("warm_start", o.warm_start),
          &o.add_table("eval", o.eval),
          &o.add_table("experience", o.experience),
          &o.add_table("checkpoint", o.checkpoint),
          &o.add_table("versions", o.versions),
          &o.add_table("model", o.model),
          &o.add_table("optimizer", o.optimizer),
          &o.add_table("algorithm", o.algorithm)};
}

}  // namespace

std::int64_t RunOptions::warm_steps() const {
  std::int64_t out = 0;
  for (const auto& policy : policies) out = std::max(out, policy->warm_start.steps);
  return out;
}

Result<std::unique_ptr<RunOptions>> read_run_options(RunFile& file, EnvironmentServices services,
                                                     const std::vector<OptionSet*>& extra) {
  auto options = std::make_unique<RunOptions>();
  RunOptions& o = *options;
  o.sets.push_back(std::make_unique<OptionSet>("environment"));
  OptionSet& environment = *o.sets.back();
  declare_environment_name(environment, o.environment_name);
  o.environment_name = file.text("environment.name").value_or("");
  if (o.environment_name.empty()) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("environment.name is missing: add [environment] name = \"...\" with one of {}",
                    fmt::join(environment_names(), ", ")));
  }
  auto spec = make_environment(o.environment_name, services);
  if (!spec) return tl::unexpected(spec.error());
  o.environment = std::move(*spec);
  o.environment->declare(environment);
  const auto common = declare_common(o);
  TROUPE_TRY(file.bind(*common.front()));
  TROUPE_TRY(o.run.check());
  TROUPE_TRY(file.bind(environment));
  for (std::size_t i = 1; i < common.size(); ++i) TROUPE_TRY(file.bind(*common[i]));
  const Status prepared = o.environment->prepare();
  if (!prepared) return within("environment", prepared.error());
  TROUPE_TRY(bind_workflow(file, o));
  TROUPE_TRY(bind_policies(file, o));
  for (OptionSet* set : extra) TROUPE_TRY(file.bind(*set));
  TROUPE_TRY(file.finish());
  TROUPE_TRY(check_idle_options(o));
  o.resolved = file.resolved();
  TROUPE_ASSIGN(o.tasks_digest, digest_tasks(*o.environment));
  o.digest = result_digest(o);
  return options;
}

Result<std::unique_ptr<RunOptions>> default_run_options(const std::string& environment,
                                                        EnvironmentServices services) {
  auto options = std::make_unique<RunOptions>();
  RunOptions& o = *options;
  std::vector<std::string> names = environment_names();
  if (!environment.empty()) names = {environment};
  declare_common(o);
  for (const std::string& name : names) {
    auto spec = make_environment(name, services);
    if (!spec) return tl::unexpected(spec.error());
    o.sets.push_back(std::make_unique<OptionSet>("environment"));
    if (name == names.front()) declare_environment_name(*o.sets.back(), o.environment_name);
    (*spec)->declare(*o.sets.back());
    o.examples.push_back(std::move(*spec));
  }
  for (const std::string& name : workflow_names()) {
    TROUPE_ASSIGN(auto workflow, make_workflow(name));
    o.sets.push_back(std::make_unique<OptionSet>("workflow"));
    if (name == workflow_names().front()) declare_workflow_name(*o.sets.back(), o.workflow_name);
    workflow->declare(*o.sets.back());
    o.example_workflows.push_back(std::move(workflow));
  }
  o.policies.push_back(std::make_unique<PolicyOptions>());
  o.add_table("policy.NAME", *o.policies.back());
  return options;
}

}  // namespace troupe
