#include "orchestrate/run_experience.h"

#include "base/digest.h"
#include "experience/selection/selection.h"

namespace troupe {

std::string experience_folder(const std::string& run_folder) { return run_folder + "/experience"; }

Status forget_experience(Disk& disk, const std::string& run_folder) {
  TROUPE_TRY(disk.remove(experience_folder(run_folder)));
  return disk.sync_folder(run_folder);
}

Result<std::unique_ptr<ExperienceStore>> open_experience(Executor& executor, Disk& disk,
                                                         const RunOptions& options, Team& team,
                                                         const std::string& run_folder,
                                                         std::int64_t steps, std::int64_t place,
                                                         std::int64_t incarnation) {
  JournalOptions journal;
  journal.folder = experience_folder(run_folder);
  journal.segment_bytes = options.experience.store == "memory"
                              ? kMemorySegment
                              : static_cast<std::uint64_t>(options.experience.segment_megabytes)
                                    << 20;
  if (options.seams.segment_bytes > 0) journal.segment_bytes = options.seams.segment_bytes;
  journal.flush_interval = static_cast<Nanos>(options.experience.flush_seconds * 1e9);
  ExperienceStore::Setting setting{executor, disk, journal, {}, {}};
  setting.run = checksum64(options.digest, 0);
  std::vector<std::int64_t> versions;
  for (const auto& policy : team.policies()) {
    ExperienceStore::Policy table;
    table.name = policy->options->name;
    table.agents = policy->options->agents;
    table.byte_budget = static_cast<std::uint64_t>(options.rollout.experience_megabytes) << 20;
    if (options.seams.experience_bytes > 0) table.byte_budget = options.seams.experience_bytes;
    // With a tail policy a step launches more groups than its pace has room for; the flow admits.
    if (options.pipeline.tail == "none") {
      AdmissionSettings pace;
      pace.batch = options.rollout.groups;
      pace.staleness = policy->options->pipeline.bound();
      table.admission = pace;
    }
    TROUPE_ASSIGN(table.selector, make_selector(options.experience.selection, 0));
    setting.policies.push_back(std::move(table));
    versions.push_back(policy->trainer->version().number);
  }
  TROUPE_ASSIGN(auto store, ExperienceStore::open(std::move(setting)));
  TROUPE_TRY(store->restart(steps, place, std::move(versions), incarnation));
  for (std::size_t i = 0; i < team.policies().size(); ++i) {
    team.policies()[i]->trainer->set_timeline(store->table(static_cast<int>(i)).timeline());
  }
  return store;
}

}  // namespace troupe
