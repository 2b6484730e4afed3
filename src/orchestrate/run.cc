#include "orchestrate/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/memory.h"
#include "environment/player.h"
#include "model/decoder.h"
#include "orchestrate/evaluate.h"
#include "orchestrate/policy_metric.h"
#include "orchestrate/tail/make_tail.h"
#include "orchestrate/warm_start.h"
#include "rollout/reward/make_reward.h"

namespace troupe {
namespace {

double seconds(Nanos nanos) { return static_cast<double>(nanos) / kSecond; }

StateSeconds total_states(Executor& executor) {
  StateSeconds out;
  for (const auto& worker : executor.worker_states()) {
    for (const auto& [state, nanos] : worker) out[state] += seconds(nanos);
  }
  return out;
}

std::string shape_text(const ModelConfig& c) {
  const char* family = c.family == ModelConfig::Family::kLlama   ? "llama"
                       : c.family == ModelConfig::Family::kQwen2 ? "qwen2"
                                                                 : "qwen3";
  return fmt::format("{} d{} L{} H{}/{} f{} V{}", family, c.width, c.layers, c.heads, c.kv_heads,
                     c.ffn, c.vocab);
}

}  // namespace

Run::Run(Setting setting)
    : s_(std::move(setting)), checkpoints_(s_.disk, s_.folder + "/checkpoints") {}

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
  Status folder = s_.disk.make_folders(checkpoints_.folder());
  if (!folder) co_return folder;
  if (s_.resume) {
    auto names = checkpoints_.list();
    if (!names) co_return tl::unexpected(names.error());
    if (!names->empty()) {
      Status restored = restore(names->front());
      if (!restored) co_return restored;
    }
  }
  Status kept = write_atomic(s_.disk, s_.folder + "/run.toml", s_.options.resolved);
  if (!kept) co_return kept;
  s_.observer.on_start(info());
  if (s_.resume && saved_step_ < 0) {
    s_.observer.on_note("there is no checkpoint yet: the run starts from the beginning");
  }
  Status status = Status();
  const bool fresh = saved_step_ < 0;
  if (fresh) status = co_await begin();
  if (status) status = open_store(fresh);
  if (status) status = co_await rl();
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
  Status saved = co_await save(0, "step");
  co_return saved;
}

Async<Status> Run::rl() {
  make_pipeline();
  tokens_told_ = tokens_sampled();
  Status status = co_await all_steps();
  if (!status && status.error().code == ErrorCode::kCancelled && saved_step_ != step_) {
    const Status saved = co_await save(step_, "step");
    if (!saved) status.error().message += "; " + saved.error().message;
  }
  co_await pipeline_->stop();
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
    if (o.run.max_seconds > 0 && rl_seconds_here_ >= o.run.max_seconds) {
      s_.observer.on_note(
          fmt::format("run.max_seconds = {} reached after step {}", o.run.max_seconds, step_));
      break;
    }
    Status done = co_await one_step(step_);
    if (!done) co_return done;
    ++step_;
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

void Run::make_pipeline() {
  const RunOptions& o = s_.options;
  PipelineSetting setting{s_.executor, *o.environment, team_->training_bindings(), team_->lanes(),
                          *store_};
  setting.steps = o.run.steps;
  setting.refill = refill_settings(o);
  if (o.experience.tasks == "difficulty") {
    setting.history = &state_.history;
    setting.task_window = o.experience.task_window;
    setting.difficulty = {o.experience.target_success, o.experience.explore};
  }
  setting.groups = o.rollout.groups;
  setting.group_size = o.rollout.group_size;
  setting.micro_batch = o.pipeline.micro_batch;
  setting.retries = o.rollout.retries;
  setting.credit = credit_.get();
  setting.seed = static_cast<std::uint64_t>(o.run.seed);
  setting.reward = reward_.get();
  setting.turn_wait.limit = static_cast<Nanos>(o.rollout.turn_timeout * 1e9);
  setting.group_wait.limit = static_cast<Nanos>(o.pipeline.group_timeout * 1e9);
  tail_ = make_tail(o.pipeline.tail, o.pipeline.tail_factor, setting.groups, setting.group_size);
  setting.tail = tail_.get();
  setting.on_episode = [this](const Task& task, const EpisodeRecord& record) {
    tell_episode(step_ + 1, "rl", task, record);
  };
  pipeline_ = std::make_unique<Pipeline>(std::move(setting), step_, state_.queue);
}

std::int64_t Run::tokens_sampled() const {
  std::int64_t out = 0;
  for (const auto& policy : team_->policies()) out += policy->engine->tokens_sampled();
  return out;
}

Async<Status> Run::one_step(std::int64_t step) {
  const RunOptions& o = s_.options;
  Status writable = co_await wait_for_disk();
  if (!writable) co_return writable;
  std::vector<double> rates;
  for (const auto& policy : team_->policies()) {
    rates.push_back(learning_rate_at(policy->options->optimizer, step, o.run.steps));
  }
  const Nanos before = s_.executor.now();
  const StateSeconds states_before = total_states(s_.executor);
  auto outcome = co_await pipeline_->step(step, std::move(rates));
  if (!outcome) co_return tl::unexpected(outcome.error());

  const Nanos now = s_.executor.now();
  const auto done_steps = static_cast<double>(step + 1);
  const bool join = done_steps > o.eval.average_from * static_cast<double>(o.run.steps);
  auto exact = co_await measure_team(s_.executor, *o.environment, *team_, state_.average, join);
  if (!exact) co_return tl::unexpected(exact.error());
  rl_seconds_here_ += seconds(now - before);
  state_.rl_seconds += seconds(now - before);
  StepReport report;
  report.step = step + 1;
  report.steps = o.run.steps;
  report.phase = "rl";
  report.seconds = seconds(now - before);
  report.elapsed = seconds(now - began_);
  report.policies = std::move(outcome->numbers);
  report.flow = outcome->flow;
  report.began = before;
  report.tokens_sampled = tokens_sampled() - tokens_told_;
  tokens_told_ += report.tokens_sampled;
  report.exact = std::move(*exact);
  report.states = total_states(s_.executor);
  for (const auto& [state, before_seconds] : states_before) report.states[state] -= before_seconds;
  std::erase_if(report.states, [](const auto& entry) { return entry.second <= 0; });
  for (const PolicyStep& p : report.policies) {
    report.generate_tokens_per_second += static_cast<double>(p.tokens_generated);
    report.train_tokens_per_second += static_cast<double>(p.tokens_trained);
  }
  report.generate_tokens_per_second /= std::max(report.seconds, 1e-9);
  report.train_tokens_per_second /= std::max(report.seconds, 1e-9);
  const auto done_here = static_cast<double>(step + 1 - first_step_);
  const auto all_here = static_cast<double>(o.run.steps - first_step_);
  report.fraction_done = static_cast<double>(step + 1) / static_cast<double>(o.run.steps);
  report.seconds_left = rl_seconds_here_ * (all_here - done_here) / done_here;
  if (o.run.max_seconds > 0) {
    report.fraction_done = std::max(report.fraction_done, rl_seconds_here_ / o.run.max_seconds);
    report.seconds_left =
        std::min(report.seconds_left, std::max(0.0, o.run.max_seconds - rl_seconds_here_));
  }
  s_.observer.on_step(report);
  if (o.experience.tasks == "difficulty") state_.history.fold(std::move(outcome->tasks));
  if (outcome->flow.kept_episodes > 0) {
    s_.observer.on_note(fmt::format("step {}: {} episodes taken from the experience journal",
                                    step + 1, outcome->flow.kept_episodes));
  }
  if (outcome->flow.failed_groups > 0) {
    s_.observer.on_note(fmt::format("step {}: {} groups failed and gave no gradient: {}", step + 1,
                                    outcome->flow.failed_groups, outcome->last_failure));
  }
  for (const auto& policy : team_->policies()) {
    const auto skips = policy->trainer->skips_in_row();
    if (skips >= policy->options->optimizer.max_skips) {
      co_return fail(ErrorCode::kNonFinite,
                     fmt::format("policy \"{}\": {} steps in a row were not finite: lower "
                                 "optimizer.learning_rate; the last good weights are in {}",
                                 policy->options->name, skips, last_checkpoint_));
    }
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
