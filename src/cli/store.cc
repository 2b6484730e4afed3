#include "cli/store.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace troupe {

void add_run_argument(CLI::App& command, std::string& run) {
  command.add_option("RUN", run, "A run's folder, or the folder of its experience")->required();
}

std::string counted(std::int64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"kB", "MB", "GB", "TB"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string torn_end_text(const std::string& path, std::uint64_t offset, std::uint64_t bytes) {
  return fmt::format(
      "{}: not whole from byte {} on ({}). While a run writes, the end may be in flight; otherwise "
      "a crash left it so, a resume leaves it out, and `troupe store repair` cuts it off",
      path, offset, bytes_text(bytes));
}

void add_store(CLI::App& app, int& exit_code) {
  CLI::App* store =
      app.add_subcommand("store", "Look into the experience of a run, check it, repair it");
  store->require_subcommand(1);
  store->footer(
      "All but repair only read, and may be used while the run goes on. Steps count from 0.");
  add_store_stat(*store, exit_code);
  add_store_verify(*store, exit_code);
  add_store_repair(*store, exit_code);
  add_store_dump(*store, exit_code);
  add_store_tail(*store, exit_code);
}

}  // namespace troupe
