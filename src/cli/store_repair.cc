#include "experience/inspect/repair.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "base/folder_lock.h"
#include "cli/commands.h"
#include "cli/store.h"

namespace troupe {
namespace {

void print_repair(const JournalRepair& plan, bool dry_run) {
  const char* would = dry_run ? "would be " : "";
  for (const std::string& path : plan.remove) fmt::print("{}: {}removed\n", path, would);
  if (!plan.path.empty()) {
    fmt::print("{}: {}cut from {} to {} bytes\n", plan.path, would, plan.keep + plan.drop,
               plan.keep);
  }
  std::map<std::string, std::int64_t> names;
  for (const std::string& name : plan.leftover) ++names[name];
  std::string records;
  for (const auto& [name, count] : names) {
    records +=
        fmt::format("{}{} {}", records.empty() ? ", with readable records: " : ", ", name, count);
  }
  fmt::print("{}{} dropped{}; the journal {} at LSN {}\n", bytes_text(plan.drop),
             dry_run ? " would be" : "", records, dry_run ? "would end" : "ends", plan.end);
}

Status repair(const std::string& run, bool dry_run) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(const ExperienceFolder folder, find_experience(*disk, run));
  std::unique_ptr<FolderLock> lock;
  if (!dry_run) {
    auto locked = FolderLock::acquire(folder.run);
    if (!locked && locked.error().code == ErrorCode::kInvalid) {
      return fail(ErrorCode::kInvalid,
                  folder.run +
                      ": a run is writing its experience: repair it when the run has "
                      "ended (it repairs itself when it resumes)");
    }
    if (!locked) return tl::unexpected(locked.error());
    lock = std::move(*locked);
  }
  TROUPE_ASSIGN(const JournalRepair plan, plan_repair(*disk, folder.journal));
  if (!plan.needed()) {
    fmt::print("{}: nothing to cut: its end is whole, at LSN {}\n", folder.journal, plan.end);
    return {};
  }
  if (!dry_run) TROUPE_TRY(repair_journal(*disk, folder.journal, plan));
  print_repair(plan, dry_run);
  return {};
}

}  // namespace

void add_store_repair(CLI::App& store, int& exit_code) {
  auto run = std::make_shared<std::string>();
  auto dry_run = std::make_shared<bool>(false);
  CLI::App* command = store.add_subcommand(
      "repair", "Cut off an end that a crash left torn; never what had been synced");
  add_run_argument(*command, *run);
  command->add_flag("--dry-run", *dry_run, "Only say what would be dropped");
  command->callback([run, dry_run, &exit_code] {
    const Status status = repair(*run, *dry_run);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
