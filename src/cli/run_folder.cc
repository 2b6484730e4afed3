#include "cli/run_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

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

Result<std::vector<std::string>> all_checkpoints(CheckpointStore& store) {
  std::vector<std::string> out;
  for (const char* kind : {"step", "best", "pool"}) {
    TROUPE_ASSIGN(const auto names, store.list(kind));
    out.insert(out.end(), names.begin(), names.end());
  }
  return out;
}

Result<std::string> choose_checkpoint(CheckpointStore& store, const std::string& named) {
  if (!named.empty() && named != "best") {
    TROUPE_ASSIGN(const auto all, all_checkpoints(store));
    if (std::find(all.begin(), all.end(), named) != all.end()) return named;
    return fail(ErrorCode::kInvalid,
                fmt::format("{} has no checkpoint {}; it has {}", store.folder(), named,
                            all.empty() ? "none" : fmt::format("{}", fmt::join(all, ", "))));
  }
  TROUPE_ASSIGN(const auto names, store.list(named == "best" ? "best" : "step"));
  if (names.empty()) {
    return fail(ErrorCode::kInvalid, fmt::format("{} has no {} checkpoint", store.folder(),
                                                 named.empty() ? "step" : named));
  }
  return names.front();
}

}  // namespace troupe
