#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/disk.h"
#include "experience/store.h"
#include "orchestrate/run_options.h"
#include "orchestrate/team.h"

namespace troupe {

/// Size of a segment of a journal in memory, of which about three are there at a time.
constexpr std::uint64_t kMemorySegment = 8U << 20;

/// Where a run keeps its experience, RUN/experience.
std::string experience_folder(const std::string& run_folder);

/// Removes what a run that begins anew finds there, durably: before its first checkpoint is, so
/// that no resume can take part of it for its own.
Status forget_experience(Disk& disk, const std::string& run_folder);

/// The store of a run's experience, one policy per policy of the team, at the point where the run
/// goes on: after `steps` steps, with tasks up to `place` handed out. `incarnation`: the
/// least one that new versions may belong to. The trainers learn which incarnation their versions
/// belong to. Blocks while it reads the journal.
Result<std::unique_ptr<ExperienceStore>> open_experience(Executor& executor, Disk& disk,
                                                         const RunOptions& options, Team& team,
                                                         const std::string& run_folder,
                                                         std::int64_t steps, std::int64_t place,
                                                         std::int64_t incarnation);

}  // namespace troupe
