#include "cli/run_folder.h"

#include <fmt/format.h>

namespace troupe {
namespace {

bool holds_run(Disk& disk, const std::string& folder) { return disk.exists(folder + "/run.toml"); }

}  // namespace

Result<std::string> choose_run_folder(Disk& disk, const std::string& name,
                                      const std::string& wanted, bool resume) {
  std::string folder = wanted;
  if (wanted.empty()) {
    std::string newest;
    folder = "runs/" + name;
    for (int i = 2; holds_run(disk, folder); ++i) {
      newest = folder;
      folder = fmt::format("runs/{}-{}", name, i);
    }
    if (resume && !newest.empty()) folder = newest;
  } else if (!resume && holds_run(disk, wanted)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} already holds a run: continue it with --resume, choose another "
                            "--output, or remove it",
                            wanted));
  }
  return folder;
}

}  // namespace troupe
