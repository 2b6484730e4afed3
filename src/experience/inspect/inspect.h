#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "experience/state.h"

namespace troupe {

// What `troupe store` has in common: reading the experience of a run from outside, also while the
// run writes it. Nothing here changes a file. All calls block.

/// Where a run's experience lies.
struct ExperienceFolder {
  std::string run;      ///< the folder that a run of it locks
  std::string journal;  ///< the folder of its segments
};

/// `given`: a run's folder, or the folder of its experience. kNotFound or kInvalid says what is
/// missing: the folder, or experience in it.
Result<ExperienceFolder> find_experience(Disk& disk, const std::string& given);

/// Reads a journal again when a segment was removed under the reader's eyes, as a run does with
/// segments that it needs no more.
template <class Read>
auto read_while_it_runs(Read&& read) {
  auto out = read();
  for (int again = 0; again < 3 && !out && out.error().code == ErrorCode::kNotFound; ++again) {
    out = read();
  }
  return out;
}

/// Responses by reference, out of a journal's segments. It keeps a view of each file that it has
/// opened, so that it still reads what the run has removed since.
class ResponseReader {
 public:
  explicit ResponseReader(Disk& disk) : disk_(disk) {}
  /// Opens files of these segments, and looks for responses in them from now on. kNotFound: one of
  /// them was removed.
  Status open(const std::vector<JournalSegment>& segments);
  /// An open segment's file.
  [[nodiscard]] const FileView& file(const JournalSegment& segment) const {
    return *files_.at(segment.sequence);
  }
  /// The trajectory of a row. kNotFound: its segment was removed before open(); kInvalid: its bytes
  /// are not what was written.
  [[nodiscard]] Result<Trajectory> read(const Row& row) const;

 private:
  Disk& disk_;
  std::vector<JournalSegment> segments_;
  std::map<std::uint64_t, std::unique_ptr<const FileView>> files_;
};

/// The experience as a run would find it now: replayed from the newest whole snapshot to the end,
/// or to the first damage.
struct ExperienceView {
  explicit ExperienceView(Disk& disk) : responses(disk) {}
  JournalScan scan;
  StoreState state = StoreState({}, 0);
  ResponseReader responses;
};
Result<std::unique_ptr<ExperienceView>> read_experience(Disk& disk, const std::string& folder);

}  // namespace troupe
