#include "simulate/soak/disk_laws.h"

#include <fmt/format.h>

#include "experience/inspect/verify.h"
#include "orchestrate/run_experience.h"
#include "simulate/soak/life.h"
#include "versions/checkpoint_store.h"
#include "versions/published/published_folder.h"

namespace troupe {
namespace {

void durable(SimulatedDisk& disk, std::int64_t step, Violations& verdict) {
  if (step < 0) return;
  CheckpointStore store(disk, kSoakFolder + "/checkpoints");
  const auto names = store.list();
  if (!names || names->empty()) {
    return verdict.broken("durable", fmt::format("the checkpoint of step {} is gone", step));
  }
  const auto newest = store.load(names->front(), "");
  if (!newest) return verdict.broken("durable", newest.error().message);
  if (newest->step >= step) return;
  verdict.broken("durable", fmt::format("the checkpoint of step {} was told to be durable; the "
                                        "newest is of step {}",
                                        step, newest->step));
}

void head(SimulatedDisk& disk, const RunOptions& options, const Ledger& ledger,
          Violations& verdict) {
  PublishedFolder folder(disk, kSoakFolder + "/versions");
  for (const auto& policy : options.policies) {
    const auto catalogue = folder.catalogue(policy->name);
    if (!catalogue) {
      if (catalogue.error().code == ErrorCode::kNotFound) continue;  // none is published yet
      verdict.broken("head", catalogue.error().message);
      continue;
    }
    const auto state = materialise(folder, *catalogue, catalogue->head);
    if (!state) verdict.broken("head", state.error().message);
    const std::int64_t made = ledger.steps(policy->name);
    if (catalogue->head.number > made) {
      verdict.broken("head",
                     fmt::format("policy {}: the head is version {}, its trainer came to {}",
                                 policy->name, catalogue->head.number, made));
    }
  }
}

void journal(SimulatedDisk& disk, Violations& verdict) {
  const std::string folder = experience_folder(kSoakFolder);
  if (!disk.exists(folder)) return;
  const auto seen = verify_journal(disk, folder);
  if (!seen) return verdict.broken("journal", seen.error().message);
  for (const JournalFinding& finding : seen->findings) {
    if (finding.kind == JournalFinding::Kind::kTornEnd) continue;
    verdict.broken("journal", finding.path + ": " + finding.what);
  }
  for (const std::string& sample : seen->lost) {
    verdict.broken("journal", "sample " + sample + " cannot be read any more");
  }
}

}  // namespace

void check_disk(SimulatedDisk& disk, const RunOptions& options, const Ledger& ledger,
                std::int64_t durable_step, Violations& verdict) {
  durable(disk, durable_step, verdict);
  if (options.versions.publish) head(disk, options, ledger, verdict);
  if (options.experience.store == "disk") journal(disk, verdict);
}

}  // namespace troupe
