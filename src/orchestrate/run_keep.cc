#include <fmt/format.h>

#include "orchestrate/run.h"
#include "orchestrate/run_experience.h"

// What a run keeps: its experience and its checkpoints.

namespace troupe {
namespace {

/// Versions in the pool that a resume from any kept checkpoint may need.
std::int64_t pool_kept(const RunOptions& options) {
  const PastVersions past = options.workflow->past().value_or(PastVersions());
  const CheckpointOptions& c = options.checkpoint;
  return past.pool + 1 + (c.keep + 1) * c.every / past.every;
}

}  // namespace

/// How long a disk that is full or fails may hold up the run.
Wait Run::disk_wait(std::string reason) const {
  return {static_cast<Nanos>(s_.options.experience.disk_timeout * 1e9), std::move(reason)};
}

Status Run::open_store() {
  const bool in_memory = s_.options.experience.store == "memory";
  Disk& disk = in_memory ? static_cast<Disk&>(memory_) : s_.disk;
  // On the strand: nothing else runs yet.
  auto opened =
      open_experience(s_.executor, disk, s_.options, *team_, s_.folder, step_, state_.place,
                      publications_ ? publications_->next_incarnation() : 0);
  if (!opened) return tl::unexpected(opened.error());
  store_ = std::move(*opened);
  if (!store_->recovery_note().empty()) s_.observer.on_note(store_->recovery_note());
  return team_->publish();
}

/// No step begins while the disk is full or fails; one that has begun goes on.
Async<Status> Run::wait_for_disk() {
  if (store_->writable()) co_return Status();
  if (store_->journal().trouble()) {
    s_.observer.on_note(store_->journal().trouble()->message +
                        "; the run waits, and goes on when the disk does");
  }
  s_.executor.idle_reason("experience journal");
  const Wait wait = disk_wait("the experience journal");
  Status writable = co_await store_->wait_until_writable(wait);
  co_return writable;
}

/// What is to stay besides a new checkpoint of this kind; the state is the one that it holds.
KeepRules Run::keep_rules(const std::string& kind, std::int64_t step) const {
  const CheckpointOptions& c = s_.options.checkpoint;
  KeepRules rules;
  rules.newest = c.keep;
  rules.every = c.keep_every;
  // A resume looks for the best one that its checkpoint speaks of: the durable one, or the one that
  // is on its way.
  rules.best = {state_.best_step};
  if (kind != "step") rules.best = {resumable_best_, saved_best_};
  if (kind == "best") rules.best.insert(step);
  if (opponents_ && c.every > 0) rules.pool = pool_kept(s_.options);
  return rules;
}

/// Everything of the policies that a checkpoint holds, taken at one moment: no step is under way,
/// and weights do not change but are replaced. Copying the moments takes a while, so a worker does
/// it.
Async<Result<Checkpoint>> Run::snapshot(std::int64_t step, bool whole) {
  Checkpoint out;
  out.step = step;
  out.run_digest = s_.options.digest;
  out.isa = run_isa(s_.options);
  out.saved = s_.options.seams.unix_time ? s_.options.seams.unix_time() : unix_time();
  out.extra = state_.to_json();
  s_.executor.idle_reason("checkpoint");
  for (const auto& policy : team_->policies()) {
    PolicyCheckpoint p;
    p.policy = policy->options->name;
    p.adapter = adapter_form(*policy);
    p.weights = policy->trainer->weights();
    p.tokenizer = policy->tokenizer;
    auto exported = co_await policy->export_state(s_.executor, whole);
    if (!exported) co_return tl::unexpected(exported.error());
    TrainerState& trained = *exported;
    p.version = trained.version;
    p.optimizer_steps = trained.optimizer_steps;
    p.skips_in_row = trained.skips_in_row;
    p.entropy_coefficient = trained.entropy_coefficient;
    if (whole) {
      p.first = std::move(trained.first);
      p.second = std::move(trained.second);
      p.reference = policy->trainer->reference_weights();
      p.role_baselines = std::move(trained.role_baselines);
      p.critic = std::move(trained.critic);
    }
    out.policies.push_back(std::move(p));
  }
  co_return out;
}

/// Takes the run's state as it is now and has it written; with checkpoint.background the run goes
/// on meanwhile, and writer_ tells whether it succeeded.
Async<Status> Run::save(std::int64_t step, std::string kind) {
  const bool whole = kind == "step";
  if (pipeline_ && whole) {
    s_.executor.idle_reason("groups of an older version, before a checkpoint");
    Status settled = co_await pipeline_->settle(step);
    if (!settled) co_return settled;
    state_.place = pipeline_->place_of(step);
    state_.queue = pipeline_->queue_of(step);
  }
  const Nanos began = s_.executor.now();
  Status settled = co_await writer_.settle(kind);  // else two copies of the moments are in memory
  if (!settled) co_return settled;
  CheckpointWriter::Task task;
  auto snapped = co_await snapshot(step, whole);
  if (!snapped) co_return tl::unexpected(snapped.error());
  task.checkpoint = std::move(*snapped);
  task.kind = kind;
  task.keep = keep_rules(kind, step);
  const bool includes = store_ && whole;
  if (includes) {
    // What the checkpoint includes must not be forgotten by a journal that lags behind it.
    task.before = [this] {
      return store_->sync(disk_wait("the experience journal, before a checkpoint"));
    };
  }
  auto report = std::make_shared<CheckpointReport>();
  report->name = CheckpointName{kind, step}.text();
  report->step = step;
  task.durable = [this, report, includes, best = state_.best_step](const SavedCheckpoint& saved,
                                                                   double seconds) {
    report->write_seconds = seconds;
    return kept(*report, saved, includes, best);
  };
  Status written = co_await writer_.write(std::move(task));
  if (!written) co_return written;
  report->held_seconds = static_cast<double>(s_.executor.now() - began) / kSecond;
  if (!s_.options.checkpoint.background) s_.observer.on_checkpoint(*report);
  if (whole) {
    saved_step_ = step;
    saved_best_ = state_.best_step;
  }
  co_return Status();
}

/// A checkpoint is durable: nobody needs the samples any more that it includes.
Status Run::kept(CheckpointReport& report, const SavedCheckpoint& saved, bool includes,
                 std::int64_t best) {
  report.written_bytes = saved.written;
  report.linked_bytes = saved.linked;
  if (s_.options.checkpoint.background) s_.observer.on_checkpoint(report);
  if (report.name.starts_with("best-")) best_checkpoint_ = saved.place;
  if (!report.name.starts_with("step-")) return {};
  last_checkpoint_ = saved.place;
  resumable_best_ = best;
  return includes ? store_->retire(report.step) : Status();
}

/// Keeps a version that later groups may play against, so that a resume plays against the same.
Async<Status> Run::save_opponents() {
  if (!opponents_ || !opponents_->takes(step_)) co_return Status();
  Status saved = co_await save(step_, "pool");
  co_return saved;
}

}  // namespace troupe
