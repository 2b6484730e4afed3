#include <fmt/format.h>

#include <algorithm>

#include "orchestrate/run.h"
#include "orchestrate/run_experience.h"

// What a run keeps, and goes on from: its experience and its checkpoints.

namespace troupe {
namespace {

/// Versions in the pool that a resume from any kept checkpoint may need.
std::int64_t pool_kept(const RunOptions& options) {
  const PastVersions past = options.workflow->past().value_or(PastVersions());
  const CheckpointOptions& c = options.checkpoint;
  return past.pool + 1 + (c.keep + 1) * c.every / past.every;
}

std::shared_ptr<const Decoder> pack_weights(const PolicyRuntime& policy,
                                            std::shared_ptr<const Weights> weights) {
  if (!policy.base) {
    return std::make_shared<const Decoder>(std::move(weights), policy_dtype(*policy.options));
  }
  const AdapterBase& base = policy.trainer->base();
  return std::make_shared<const Decoder>(*base.decoder, base.settings, std::move(weights));
}

}  // namespace

/// How long a disk that is full or fails may hold up the run.
Wait Run::disk_wait(std::string reason) const {
  return {static_cast<Nanos>(s_.options.experience.disk_timeout * 1e9), std::move(reason)};
}

/// `fresh`: the run begins, so nothing that lies there is its own.
Status Run::open_store(bool fresh) {
  const bool in_memory = s_.options.experience.store == "memory";
  Disk& disk = in_memory ? static_cast<Disk&>(memory_) : s_.disk;
  // On the strand: nothing else runs yet.
  auto opened =
      open_experience(s_.executor, disk, s_.options, *team_, s_.folder, step_, state_.place, fresh);
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

Async<Status> Run::save(std::int64_t step, std::string kind) {
  if (pipeline_ && kind == "step") {
    s_.executor.idle_reason("groups of an older version, before a checkpoint");
    Status settled = co_await pipeline_->settle(step);
    if (!settled) co_return settled;
    state_.place = pipeline_->place_of(step);
    state_.queue = pipeline_->queue_of(step);
  }
  if (store_ && kind == "step") {
    // What the checkpoint includes must not be forgotten by a journal that lags behind it.
    const Wait wait = disk_wait("the experience journal, before a checkpoint");
    Status synced = co_await store_->sync(wait);
    if (!synced) co_return synced;
  }
  Checkpoint checkpoint;
  checkpoint.step = step;
  checkpoint.run_digest = s_.options.digest;
  checkpoint.isa = run_isa(s_.options);
  checkpoint.extra = state_.to_json();
  for (const auto& policy : team_->policies()) {
    PolicyCheckpoint p;
    p.policy = policy->options->name;
    p.adapter = adapter_form(*policy);
    p.weights = policy->trainer->weights();
    p.tokenizer = policy->tokenizer;
    auto exported = co_await policy->export_state(kind == "step");
    if (!exported) co_return tl::unexpected(exported.error());
    TrainerState trained = std::move(*exported);
    p.version = trained.version;
    p.optimizer_steps = trained.optimizer_steps;
    p.skips_in_row = trained.skips_in_row;
    p.entropy_coefficient = trained.entropy_coefficient;
    if (kind == "step") {
      p.first = std::move(trained.first);
      p.second = std::move(trained.second);
      p.reference = policy->trainer->reference_weights();
      p.role_baselines = std::move(trained.role_baselines);
      p.critic = std::move(trained.critic);
    }
    checkpoint.policies.push_back(std::move(p));
  }
  s_.executor.idle_reason("checkpoint");
  Result<std::string> place;
  co_await on_worker(s_.executor, "checkpoint", 0, [&] {
    place = checkpoints_.save(checkpoint, kind);
    if (!place) return;
    if (kind != "pool") {
      (void)checkpoints_.prune(kind == "step" ? s_.options.checkpoint.keep : 1, kind);
    } else if (s_.options.checkpoint.every > 0) {
      (void)checkpoints_.prune(pool_kept(s_.options), kind);
    }
  });
  if (!place) co_return tl::unexpected(place.error());
  if (kind == "best") {
    best_checkpoint_ = *place;
    co_return Status();
  }
  if (kind == "pool") co_return Status();
  last_checkpoint_ = *place;
  saved_step_ = step;
  co_return store_ ? store_->retire(step) : Status();
}

/// Keeps a version that later groups may play against, so that a resume plays against the same.
Async<Status> Run::save_opponents() {
  if (!opponents_ || !opponents_->takes(step_)) co_return Status();
  Status saved = co_await save(step_, "pool");
  co_return saved;
}

Status Run::restore_opponents() {
  if (!opponents_) return {};
  TROUPE_ASSIGN(const auto names, checkpoints_.list("pool"));
  const PastVersions past = s_.options.workflow->past().value_or(PastVersions());
  for (std::int64_t i = 0; i < past.pool; ++i) {
    const std::int64_t steps = step_ - step_ % past.every - i * past.every;
    const std::string name = fmt::format("pool-{:06d}", steps);
    if (steps < 0 || std::find(names.begin(), names.end(), name) != names.end()) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("{}/{} is missing: groups after step {} may play against that version; "
                            "put it back, or start anew with --output",
                            checkpoints_.folder(), name, step_));
  }
  for (const std::string& name : names) {
    TROUPE_ASSIGN(const Checkpoint checkpoint, checkpoints_.load(name, ""));
    if (checkpoint.step > step_ || checkpoint.run_digest != s_.options.digest) continue;
    for (std::size_t i = 0; i < checkpoint.policies.size(); ++i) {
      const PolicyCheckpoint& policy = checkpoint.policies[i];
      auto weights = std::make_shared<EngineWeights>();
      weights->version.number = policy.version;
      weights->decoder = pack_weights(*team_->policies()[i], policy.weights);
      opponents_->add(policy.policy, checkpoint.step, std::move(weights));
    }
  }
  return {};
}

Status Run::restore(const std::string& name) {
  TROUPE_ASSIGN(Checkpoint checkpoint, checkpoints_.load(name, ""));
  const std::string place = checkpoints_.folder() + "/" + name;
  if (checkpoint.run_digest != s_.options.digest) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format(
            "{} belongs to a run with other options or tasks (compare {}/run.toml): resume with "
            "the same run file, or start anew with --output",
            place, s_.folder));
  }
  if (checkpoint.isa != run_isa(s_.options)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} was made with {} kernels, this machine chose {}: the bits would "
                            "differ. Set TROUPE_ISA={} if the machine has it, or start anew",
                            place, checkpoint.isa, run_isa(s_.options), checkpoint.isa));
  }
  TROUPE_ASSIGN(state_, RunState::from_json(checkpoint.extra));
  if (checkpoint.policies.size() != team_->policies().size()) {
    return fail(ErrorCode::kInvalid, place + ": it has another number of policies");
  }
  for (std::size_t i = 0; i < checkpoint.policies.size(); ++i) {
    PolicyCheckpoint& p = checkpoint.policies[i];
    const Status form = check_form(*team_->policies()[i], p.adapter);
    if (!form) return within(place, form.error());
    Trainer& trainer = *team_->policies()[i]->trainer;
    TrainerState trained;
    trained.version = p.version;
    trained.optimizer_steps = p.optimizer_steps;
    trained.skips_in_row = p.skips_in_row;
    trained.entropy_coefficient = p.entropy_coefficient;
    trained.first = std::move(p.first);
    trained.second = std::move(p.second);
    trained.role_baselines = std::move(p.role_baselines);
    trained.critic = std::move(p.critic);
    const Status imported = trainer.import_state(std::move(trained), p.weights);
    if (!imported) return within(place, imported.error());
    trainer.set_reference(p.reference ? p.reference : p.weights);
  }
  step_ = first_step_ = saved_step_ = checkpoint.step;
  last_checkpoint_ = place;
  if (state_.best_step >= 0) {
    best_checkpoint_ = fmt::format("{}/best-{:06d}", checkpoints_.folder(), state_.best_step);
  }
  return team_->publish();
}

}  // namespace troupe
