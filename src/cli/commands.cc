#include "cli/commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/executor.h"

namespace troupe {

int report_error(const Error& error) {
  fmt::print(stderr, "troupe: {}\n", error.message);
  if (error.code == ErrorCode::kCancelled) return 130;
  return error.code == ErrorCode::kInternal ? 1 : 2;
}

CLI::App* add_run_command(CLI::App& parent, const char* name, const char* about, std::string& run,
                          std::function<Status()> command, int& exit_code) {
  CLI::App* out = parent.add_subcommand(name, about);
  out->add_option("RUN", run, "A run's folder")->required();
  out->callback([command = std::move(command), &exit_code] {
    const Status status = command();
    exit_code = status ? 0 : report_error(status.error());
  });
  return out;
}

int worker_count(long long asked) { return asked > 0 ? static_cast<int>(asked) : processors(); }

}  // namespace troupe
