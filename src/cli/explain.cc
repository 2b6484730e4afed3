#include "config/explain.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/disk.h"
#include "cli/commands.h"
#include "observe/observe_options.h"
#include "orchestrate/run_options.h"

namespace troupe {
namespace {

/// A key of one policy as a key that is explained: policy.first.model.width as model.width,
/// policy.first.agents as policy.NAME.agents.
std::string common_key(const std::string& key) {
  const std::string policy = "policy.";
  if (!key.starts_with(policy)) return key;
  const auto dot = key.find('.', policy.size());
  if (dot == std::string::npos) return "policy.NAME";
  const std::string rest = key.substr(dot + 1);
  return rest == "agents" ? "policy.NAME.agents" : rest;
}

Result<bool> explain_key(const std::string& asked) {
  const std::string key = common_key(asked);
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(const auto options, default_run_options("", EnvironmentServices{*disk}));
  ObserveOptions observe;
  OptionSet observe_set("observe");
  observe.declare(observe_set);
  std::vector<const OptionSet*> sets;
  for (const auto& set : options->sets) sets.push_back(set.get());
  sets.push_back(&observe_set);
  const bool known = is_known(sets, key);
  fmt::print(known ? stdout : stderr, "{}{}", known ? "" : "troupe: ", explain(sets, key));
  return known;
}

}  // namespace

void add_explain(CLI::App& app, int& exit_code) {
  auto key = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("explain", "Say what an option of the run file means");
  command->add_option("KEY", *key,
                      "An option (rollout.group_size), a table (rollout), or nothing: all");
  command->callback([key, &exit_code] {
    const auto known = explain_key(*key);
    exit_code = !known ? report_error(known.error()) : *known ? 0 : 2;
  });
}

}  // namespace troupe
