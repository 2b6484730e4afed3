#include "experience/inspect/inspect.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {
namespace {

bool holds_segments(Disk& disk, const std::string& folder) {
  if (!disk.exists(folder)) return false;
  const auto names = disk.list(folder);
  return names && std::any_of(names->begin(), names->end(),
                              [](const std::string& name) { return name.ends_with(".journal"); });
}

/// The folder that `folder` lies in, if its own name is `name`.
std::string parent_of(const std::string& folder, const std::string& name) {
  if (folder == name) return ".";
  if (!folder.ends_with("/" + name)) return folder;
  return folder.substr(0, std::max<std::size_t>(1, folder.size() - name.size() - 1));
}

}  // namespace

Result<ExperienceFolder> find_experience(Disk& disk, const std::string& given) {
  std::string folder = given;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  if (!disk.exists(folder)) {
    return fail(
        ErrorCode::kNotFound,
        fmt::format("{}: no such folder: give the folder of a run, such as runs/chain", given));
  }
  const std::string inside = folder + "/experience";
  if (holds_segments(disk, folder)) {
    return ExperienceFolder{parent_of(folder, "experience"), folder};
  }
  if (holds_segments(disk, inside)) return ExperienceFolder{folder, inside};
  if (disk.exists(folder + "/run.toml")) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: the run has no journal of its experience in {}: it has not begun "
                            "to write one, or keeps it in memory (experience.store)",
                            given, inside));
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: neither a run's folder nor that of its experience: there are no "
                          "files *.journal in it or in {}",
                          given, inside));
}

Result<std::unique_ptr<ExperienceView>> read_experience(Disk& disk, const std::string& folder) {
  return read_while_it_runs([&]() -> Result<std::unique_ptr<ExperienceView>> {
    auto out = std::make_unique<ExperienceView>();
    StoreState& state = out->state;
    TROUPE_ASSIGN(out->scan,
                  scan_journal(disk, folder, ScanFrom::kNewestSnapshot,
                               [&state](const Frame& frame) { return state.replay(frame); }));
    return out;
  });
}

bool responses_needed(const TableEntry& entry) { return !ended(entry.state) || entry.step >= 0; }

Result<Trajectory> ResponseReader::read(const Row& row) {
  const auto gone = [&row] {
    return fail(ErrorCode::kNotFound,
                fmt::format("sample {}: its response at {} is not in the journal any more",
                            row.sample_id, row.response.lsn));
  };
  const Lsn lsn = row.response.lsn;
  const auto behind =
      std::find_if(segments_.begin(), segments_.end(),
                   [lsn](const JournalSegment& segment) { return lsn < segment.end; });
  if (behind == segments_.end() || lsn < behind->first) return gone();
  auto& file = files_[behind->sequence];
  if (!file) {
    auto mapped = disk_.map(behind->path);
    if (!mapped && mapped.error().code == ErrorCode::kNotFound) return gone();
    if (!mapped) return tl::unexpected(mapped.error());
    file = std::move(*mapped);
  }
  const std::string_view bytes = file->bytes();
  const std::uint64_t offset = behind->offset(lsn);
  if (offset > bytes.size()) return gone();
  auto out = read_row(row, bytes.substr(offset, row.response.size));
  if (!out) return within(behind->path, out.error());
  return out;
}

}  // namespace troupe
