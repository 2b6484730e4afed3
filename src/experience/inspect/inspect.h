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

/// The experience as a run would find it now: replayed from the newest whole snapshot to the end,
/// or to the first damage.
struct ExperienceView {
  JournalScan scan;
  StoreState state = StoreState({}, 0);
};
Result<std::unique_ptr<ExperienceView>> read_experience(Disk& disk, const std::string& folder);

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

/// True unless nobody can ask for the group's responses any more: their segments may be gone.
bool responses_needed(const TableEntry& entry);

/// Responses by reference, out of a journal's segments; keeps a view of each file that it opened.
class ResponseReader {
 public:
  ResponseReader(Disk& disk, const std::vector<JournalSegment>& segments)
      : disk_(disk), segments_(segments) {}
  /// The trajectory of a row. kNotFound: its segment was removed; kInvalid: its bytes are not what
  /// was written.
  Result<Trajectory> read(const Row& row);

 private:
  Disk& disk_;
  const std::vector<JournalSegment>& segments_;
  std::map<std::uint64_t, std::unique_ptr<const FileView>> files_;
};

}  // namespace troupe
