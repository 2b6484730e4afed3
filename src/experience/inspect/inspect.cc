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
    auto out = std::make_unique<ExperienceView>(disk);
    StoreState& state = out->state;
    // Before the state is read: what it refers to is then open, whatever the run removes meanwhile.
    TROUPE_ASSIGN(const SegmentList before, list_segments(disk, folder));
    TROUPE_TRY(out->responses.open(before.segments));
    TROUPE_ASSIGN(out->scan,
                  scan_journal(disk, folder, ScanFrom::kNewestSnapshot,
                               [&state](const Frame& frame) { return state.replay(frame); }));
    TROUPE_TRY(out->responses.open(out->scan.segments));
    return out;
  });
}

Status ResponseReader::open(const std::vector<JournalSegment>& segments) {
  for (const JournalSegment& segment : segments) {
    const auto known = std::find_if(
        segments_.begin(), segments_.end(),
        [&segment](const JournalSegment& other) { return other.sequence == segment.sequence; });
    // One that was still growing is opened again.
    if (known != segments_.end() && known->end == segment.end) continue;
    TROUPE_ASSIGN(files_[segment.sequence], disk_.map(segment.path));
    if (known != segments_.end()) {
      *known = segment;
    } else {
      segments_.push_back(segment);
    }
  }
  return {};
}

Result<Trajectory> ResponseReader::read(const Row& row) const {
  const Lsn lsn = row.response.lsn;
  const auto found =
      std::find_if(segments_.begin(), segments_.end(),
                   [lsn](const JournalSegment& s) { return s.first <= lsn && lsn < s.end; });
  const std::string_view bytes =
      found == segments_.end() ? std::string_view() : file(*found).bytes();
  if (found == segments_.end() || found->offset(lsn) > bytes.size()) {
    return fail(
        ErrorCode::kNotFound,
        fmt::format("sample {}: its response at LSN {} is not in the journal", row.sample_id, lsn));
  }
  auto out = read_row(row, bytes.substr(found->offset(lsn), row.response.size));
  if (!out) return within(found->path, out.error());
  return out;
}

}  // namespace troupe
