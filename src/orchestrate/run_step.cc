#include <fmt/format.h>

#include <algorithm>

#include "orchestrate/instances.h"
#include "orchestrate/policy_metric.h"
#include "orchestrate/run.h"
#include "orchestrate/tail/make_tail.h"

// One step of a run, and what is told of it.

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

}  // namespace

void Run::make_pipeline() {
  const RunOptions& o = s_.options;
  PipelineSetting setting{s_.executor, *o.environment, team_->training_bindings(), team_->lanes(),
                          *store_};
  for (PolicyLane& lane : setting.lanes) {
    if (o.seams.wrap_trainer) lane.train = &o.seams.wrap_trainer(lane.policy, *lane.train);
  }
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
  setting.workflow = o.workflow.get();
  setting.concurrency = concurrency_.get();
  setting.opponents = opponents_.get();
  setting.seed = static_cast<std::uint64_t>(o.run.seed);
  setting.reward = reward_.get();
  setting.turn_wait.limit = static_cast<Nanos>(o.rollout.turn_timeout * 1e9);
  setting.group_wait.limit = static_cast<Nanos>(o.pipeline.group_timeout * 1e9);
  tail_ = make_tail(o.pipeline.tail, o.pipeline.tail_factor, setting.groups, setting.group_size);
  setting.tail = tail_.get();
  if (publications_) setting.on_version = [this](int policy) { return publish_next(policy); };
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
  const SwapCounts swaps_before = team_->swaps();
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
  for (std::size_t i = 0; publications_ && i < report.policies.size(); ++i) {
    report.policies[i].published = publications_->numbers(i);
  }
  report.flow = outcome->flow;
  report.began = before;
  report.tokens_sampled = tokens_sampled() - tokens_told_;
  tokens_told_ += report.tokens_sampled;
  report.exact = std::move(*exact);
  if (team_->instances() != nullptr) {
    report.instances = pool_numbers(*team_->instances(), team_->policies());
  }
  if (team_->slots() != nullptr) report.swaps = swap_numbers(team_->swaps(), swaps_before);
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

}  // namespace troupe
