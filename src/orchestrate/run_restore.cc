#include <fmt/format.h>

#include <algorithm>

#include "orchestrate/run.h"

// What a run goes on from.

namespace troupe {
namespace {

std::shared_ptr<const Decoder> pack_weights(const PolicyRuntime& policy,
                                            std::shared_ptr<const Weights> weights) {
  if (!policy.base) {
    return std::make_shared<const Decoder>(std::move(weights), policy_dtype(*policy.options));
  }
  const AdapterBase& base = policy.trainer->base();
  return std::make_shared<const Decoder>(*base.decoder, base.settings, std::move(weights));
}

}  // namespace

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

/// Goes on from the newest checkpoint, if there is one. A damaged one is an error, unless the user
/// said to pass it over: then it is set aside when an older one is whole.
Status Run::restore_newest() {
  TROUPE_TRY(checkpoints_.settle());
  TROUPE_ASSIGN(const auto names, checkpoints_.list());
  std::vector<std::string> damaged;
  for (const std::string& name : names) {
    auto checkpoint = checkpoints_.load(name, "");
    if (checkpoint) {
      TROUPE_TRY(restore(name, std::move(*checkpoint)));
      for (const std::string& bad : damaged) TROUPE_TRY(checkpoints_.set_aside(bad));
      return {};
    }
    Error error = checkpoint.error();
    if (!s_.skip_damaged) {
      error.message += " (--resume --skip-damaged sets it aside)";
      return tl::unexpected(std::move(error));
    }
    notes_.push_back(fmt::format("{} is passed over: {}", name, error.message));
    damaged.push_back(name);
  }
  if (damaged.empty()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: none of {} checkpoints is whole; the newest: {}. Start anew with "
                          "--output",
                          checkpoints_.folder(), damaged.size(), notes_.front()));
}

Status Run::restore(const std::string& name, Checkpoint checkpoint) {
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
  resumable_best_ = saved_best_ = state_.best_step;
  if (state_.best_step >= 0) {
    best_checkpoint_ = fmt::format("{}/best-{:06d}", checkpoints_.folder(), state_.best_step);
  }
  return team_->publish();
}

}  // namespace troupe
