#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/interrupt.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "model/decoder.h"

namespace {

/// What the command line parser found wrong, as our one line. Asking for help is no error.
int refuse_arguments(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::string what = error.what();
  if (const auto end = what.find('\n'); end != std::string::npos) what.resize(end);
  std::string name = command->get_name();
  for (const CLI::App* up = command->get_parent(); up != nullptr; up = up->get_parent()) {
    name = up->get_name() + " " + name;
  }
  fmt::print(stderr, "troupe: {}: {}; '{} --help' says what there is\n", name, what, name);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Troupe post-trains teams of LLM agents with reinforcement learning.", "troupe");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("troupe ") + TROUPE_VERSION);
  app.footer("Start with: troupe train examples/chain.toml      Documentation: docs/");
  const troupe::Status isa = troupe::check_kernel_isa();
  if (!isa) return troupe::report_error(isa.error());
  int exit_code = 0;
  troupe::survive_file_size_limit();
  troupe::give_large_blocks_back();
  troupe::add_train(app, exit_code);
  troupe::add_eval(app, exit_code);
  troupe::add_generate(app, exit_code);
  troupe::add_plan(app, exit_code);
  troupe::add_convert(app, exit_code);
  troupe::add_env(app, exit_code);
  troupe::add_workflow(app, exit_code);
  troupe::add_check(app, exit_code);
  troupe::add_checkpoint(app, exit_code);
  troupe::add_versions(app, exit_code);
  troupe::add_store(app, exit_code);
  troupe::add_explain(app, exit_code);
  troupe::add_simulate(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return refuse_arguments(app, e);
  } catch (const std::exception& e) {
    fmt::print(stderr, "troupe: internal error: {}\n", e.what());
    return 1;
  }
  return exit_code;
}
