#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "rollout/workflow/registry.h"

namespace troupe {
namespace {

Status list() {
  for (const std::string& name : workflow_names()) {
    TROUPE_ASSIGN(const auto workflow, make_workflow(name));
    fmt::print("{:<24} {}\n", name, workflow->summary());
  }
  return {};
}

}  // namespace

void add_workflow(CLI::App& app, int& exit_code) {
  CLI::App* workflow = app.add_subcommand("workflow", "List workflows");
  workflow->require_subcommand(1);
  workflow->add_subcommand("list", "List the workflows")->callback([&exit_code] {
    const Status status = list();
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
