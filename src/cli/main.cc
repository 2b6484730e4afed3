#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"

int main(int argc, char** argv) {
  CLI::App app("Troupe post-trains teams of LLM agents with reinforcement learning.", "troupe");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("troupe ") + TROUPE_VERSION);
  app.footer("Start with: troupe train examples/chain.toml      Documentation: docs/");
  int exit_code = 0;
  troupe::add_train(app, exit_code);
  troupe::add_eval(app, exit_code);
  troupe::add_plan(app, exit_code);
  troupe::add_env(app, exit_code);
  troupe::add_explain(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    fmt::print(stderr, "troupe: internal error: {}\n", e.what());
    return 1;
  }
  return exit_code;
}
