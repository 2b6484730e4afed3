#include "orchestrate/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/memory.h"
#include "environment/player.h"
#include "model/decoder.h"
#include "orchestrate/evaluate.h"
#include "orchestrate/policy_metric.h"
#include "orchestrate/run_experience.h"
#include "orchestrate/warm_start.h"
#include "rollout/reward/make_reward.h"

namespace troupe {
namespace {

double seconds(Nanos nanos) { return static_cast<double>(nanos) / kSecond; }

std::string shape_text(const ModelConfig& c) {
  const char* family = c.family == ModelConfig::Family::kLlama   ? "llama"
                       : c.family == ModelConfig::Family::kQwen2 ? "qwen2"
                                                                 : "qwen3";
  return fmt::format("{} d{} L{} H{}/{} f{} V{}", family, c.width, c.layers, c.heads, c.kv_heads,
                     c.ffn, c.vocab);
}

}  // namespace

Run::Run(Setting setting)
    : s_(std::move(setting)),
      checkpoints_(s_.disk, s_.folder + "/checkpoints"),
      writer_(s_.executor, checkpoints_, s_.options.checkpoint.background) {}

bool Run::stop_requested() const { return s_.interrupted && s_.interrupted(); }

RunInfo Run::info() const {
  RunInfo info;
  info.name = s_.options.run.name;
  info.environment = s_.options.environment_name;
  info.optimum = s_.options.environment->optimum();
  info.folder = s_.folder;
  info.resolved_run_file = s_.options.resolved;
  info.seed = static_cast<std::uint64_t>(s_.options.run.seed);
  info.steps = s_.options.run.steps;
  info.resumed = first_step_ > 0 || saved_step_ >= 0;
  info.start_step = first_step_;
  info.isa = run_isa(s_.options);
  info.threads = s_.executor.workers();
  for (const auto& policy : team_->policies()) {
    PolicyInfo p;
    p.policy = policy->options->name;
    p.agents = policy->options->agents;
    p.parameters = policy->trainer->weights()->config.parameters();
    p.shape = shape_text(policy->trainer->weights()->config);
    const ModeOptions& mode = policy->options->pipeline;
    p.mode = mode.mode;
    if (mode.bound() > 0) p.mode += fmt::format(", staleness {}, {}", mode.bound(), mode.update);
    if (policy->base) p.shape += ", adapter of " + policy->trainer->base().settings.text();
    info.policies.push_back(std::move(p));
  }
  return info;
}

Async<Status> Run::main() {
  began_ = s_.executor.now();
  auto team = Team::make(s_.executor, s_.disk, s_.options);
  if (!team) co_return tl::unexpected(team.error());
  team_ = std::move(*team);
  auto reward =
      make_reward_stage(s_.executor, s_.disk, s_.options.reward, s_.options.environment->agents());
  if (!reward) co_return tl::unexpected(reward.error());
  reward_ = std::move(*reward);
  auto credit = CreditStage::make(s_.executor, s_.options.credit, s_.options.environment->agents());
  if (!credit) co_return tl::unexpected(credit.error());
  credit_ = std::move(*credit);
  if (s_.options.rollout.concurrency > 0) {
    concurrency_ = std::make_unique<Concurrency>(s_.executor, s_.options.rollout.concurrency);
  }
  if (const auto past = s_.options.workflow->past()) {
    opponents_ = std::make_unique<Opponents>(*past);
  }
  Status folder = s_.disk.make_folders(checkpoints_.folder());
  if (!folder) co_return folder;
  if (s_.resume) {
    Status restored = restore_newest();
    if (!restored) co_return restored;
  }
  Status kept = write_atomic(s_.disk, s_.folder + "/run.toml", s_.options.resolved);
  if (!kept) co_return kept;
  s_.observer.on_start(info());
  for (const std::string& note : notes_) s_.observer.on_note(note);
  if (s_.resume && saved_step_ < 0) {
    s_.observer.on_note("there is no checkpoint yet: the run starts from the beginning");
  }
  Status status = team_->share_slots(s_.executor, s_.disk, s_.options, s_.folder);
  const bool fresh = saved_step_ < 0;
  if (status && !fresh && team_->slots() != nullptr) status = co_await team_->slots()->take_over();
  if (status && fresh) status = forget_experience(s_.disk, s_.folder);
  if (status && fresh) status = co_await begin();
  if (status) status = co_await open_publications(fresh);
  if (status) status = open_store();
  if (status && !fresh) status = restore_opponents();
  if (status) status = co_await publish_first();
  if (status) status = co_await rl();
  co_await team_->end_slots(s_.disk);
  const Status written = co_await writer_.settle();
  if (!written && status) status = written;
  co_await finish(status);
  co_return status;
}

/// Everything before the first step of RL, ending in the checkpoint of step 0.
Async<Status> Run::begin() {
  const Nanos before = s_.executor.now();
  const WarmStartSetting warm{s_.executor, s_.disk,     s_.options,
                              *team_,      s_.observer, s_.interrupted};
  Status warmed = co_await warm_start(warm);
  if (!warmed) co_return warmed;
  state_.warm_start_seconds = seconds(s_.executor.now() - before);
  for (const auto& policy : team_->policies()) {
    policy->trainer->set_reference(policy->trainer->weights());
  }
  auto report = co_await evaluate_now(s_.options.warm_steps() > 0 ? "warm_start" : "start", 0,
                                      s_.options.eval.final_episodes);
  if (!report) co_return tl::unexpected(report.error());
  state_.warm_start = *report;
  s_.observer.on_eval(*report);
  Status pooled = co_await save_opponents();
  if (!pooled) co_return pooled;
  Status saved = co_await save(0, "step");
  co_return saved;
}

Async<Status> Run::rl() {
  make_pipeline();
  tokens_told_ = tokens_sampled();
  Status status = co_await all_steps();
  if (!status && status.error().code == ErrorCode::kCancelled) {
    Status saved;
    if (saved_step_ != step_) saved = co_await save(step_, "step");
    if (saved) saved = co_await writer_.settle();
    if (!saved) status.error().message += "; " + saved.error().message;
  }
  co_await pipeline_->stop();
  if (publications_) {
    const Status published = co_await publications_->finish(/*hurry=*/!status);
    if (status) status = published;
  }
  if (!status) co_return status;
  auto report = co_await evaluate_now("final", step_, s_.options.eval.final_episodes);
  if (!report) co_return tl::unexpected(report.error());
  final_ = *report;
  Status kept = co_await keep_if_best(std::move(*report), step_);
  co_return kept;
}

Async<Status> Run::all_steps() {
  const RunOptions& o = s_.options;
  while (step_ < o.run.steps) {
    if (stop_requested()) co_return fail(ErrorCode::kCancelled, "interrupted");
    if (!writer_.status()) co_return writer_.status();
    if (o.run.max_seconds > 0 && rl_seconds_here_ >= o.run.max_seconds) {
      s_.observer.on_note(
          fmt::format("run.max_seconds = {} reached after step {}", o.run.max_seconds, step_));
      break;
    }
    Status done = co_await one_step(step_);
    if (!done) co_return done;
    ++step_;
    Status pooled = co_await save_opponents();
    if (!pooled) co_return pooled;
    if (o.eval.every > 0 && step_ % o.eval.every == 0 && step_ < o.run.steps) {
      auto report = co_await evaluate_now(fmt::format("step {}", step_), step_, o.eval.episodes);
      if (!report) co_return tl::unexpected(report.error());
      Status kept = co_await keep_if_best(std::move(*report), step_);
      if (!kept) co_return kept;
    }
    if (o.checkpoint.every > 0 && step_ % o.checkpoint.every == 0) {
      Status saved = co_await save(step_, "step");
      if (!saved) co_return saved;
    }
  }
  if (saved_step_ != step_) {
    Status saved = co_await save(step_, "step");
    if (!saved) co_return saved;
  }
  co_return Status();
}

Async<Result<EvalReport>> Run::evaluate_now(std::string when, std::int64_t step,
                                            std::int64_t episodes) {
  Status published = team_->publish();
  if (!published) co_return tl::unexpected(published.error());
  s_.executor.idle_reason("evaluation");
  EvalSetting setting{s_.executor, *s_.options.environment, team_->evaluation_bindings()};
  setting.episodes = episodes;
  setting.seed = static_cast<std::uint64_t>(s_.options.run.seed);
  setting.retries = static_cast<int>(s_.options.rollout.retries);
  setting.reward = reward_.get();
  setting.workflow = s_.options.workflow.get();
  setting.concurrency = concurrency_.get();
  setting.on_episode = [this, step](const Task& task, const EpisodeRecord& record) {
    tell_episode(step, "eval", task, record);
  };
  auto report = co_await evaluate(setting);
  if (!report) co_return tl::unexpected(report.error());
  auto exact = co_await measure_team(s_.executor, *s_.options.environment, *team_, state_.average,
                                     /*join=*/false);
  if (!exact) co_return tl::unexpected(exact.error());
  report->exact = std::move(*exact);
  report->when = std::move(when);
  report->step = step;
  tokens_told_ += report->tokens;
  co_return report;
}

Async<Status> Run::keep_if_best(EvalReport report, std::int64_t step) {
  const bool better = report.success > state_.best_success ||
                      (report.success == state_.best_success && report.reward > state_.best_reward);
  report.best = better;
  if (report.when == "final") final_.best = better;
  s_.observer.on_eval(report);
  if (!better) co_return Status();
  state_.best_success = report.success;
  state_.best_reward = report.reward;
  state_.best_step = step;
  Status saved = co_await save(step, "best");
  co_return saved;
}

void Run::tell_episode(std::int64_t step, const char* phase, const Task& task,
                       const EpisodeRecord& record) {
  Transcript out;
  out.step = step;
  out.phase = phase;
  out.task = task.id;
  out.success = record.outcome.success;
  out.limit = record.outcome.limit;
  for (const Exchange& exchange : record.exchanges) {
    TranscriptTurn turn;
    turn.agent = speaker_text(exchange.prompt);
    turn.prompt = exchange.prompt.text;
    turn.answer = exchange.action.text;
    turn.truncated = exchange.action.truncated;
    out.turns.push_back(std::move(turn));
  }
  const auto names = s_.options.environment->agents();
  for (std::size_t i = 0; i < names.size(); ++i) {
    out.rewards.emplace_back(names[i], record.outcome.rewards[i]);
  }
  s_.observer.on_transcript(out);
}

/// Saves what an interruption left unsaved and tells the observers how it ended.
Async<void> Run::finish(Status status) {
  FinalReport report;
  report.status = "finished";
  if (!status) {
    const bool cancelled = status.error().code == ErrorCode::kCancelled;
    report.status = cancelled ? "interrupted" : "failed";
    report.message = status.error().message;
    if (cancelled) {
      report.message += fmt::format(
          " after step {0}; continue with: troupe train {1}/run.toml --output {1} --resume", step_,
          s_.folder);
    }
  }
  if (store_) {
    const Wait wait = disk_wait("the end of the experience journal");
    const Status closed = co_await store_->close_journal(wait);
    if (!closed) report.message += "; " + closed.error().message;
  }
  report.steps = step_;
  report.seconds = seconds(s_.executor.now() - began_);
  report.warm_start_seconds = state_.warm_start_seconds;
  report.rl_seconds = state_.rl_seconds;
  report.warm_start = state_.warm_start;
  report.final = final_;
  for (const auto& policy : team_->policies()) {
    report.weights_digests.emplace_back(policy->options->name,
                                        policy->trainer->weights()->digest());
  }
  report.weights_digest = team_->weights_digest();
  int index = 0;
  for (const auto& worker : s_.executor.worker_states()) {
    StateSeconds states;
    for (const auto& [state, nanos] : worker) states[state] = seconds(nanos);
    report.states.emplace_back(fmt::format("worker {}", index++), std::move(states));
  }
  report.peak_bytes = peak_memory(s_.disk);
  report.checkpoint = last_checkpoint_;
  report.best_checkpoint = best_checkpoint_;
  report.report_path = s_.folder + "/report.md";
  s_.observer.on_finish(report);
}

}  // namespace troupe
