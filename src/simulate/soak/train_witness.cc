#include "simulate/soak/train_witness.h"

#include <fmt/format.h>

#include <cmath>

namespace troupe {
namespace {

/// How many versions old a sample of the policy may be, by the words of docs/pipeline.md.
std::int64_t most_stale(const PolicyOptions& policy) {
  if (policy.pipeline.mode != "overlap") return 0;
  return static_cast<std::int64_t>(std::ceil(policy.pipeline.staleness - 1e-9));
}

}  // namespace

void TrainWitness::broken(const std::string& law, const Group& group, const std::string& what) {
  s_.verdict.broken(
      law, fmt::format("policy {}, step {}, group {}.{} ({}): {}", s_.policy.name, s_.next_step,
                       group.key.step, group.key.index, group.task, what));
}

void TrainWitness::look_at(const Trajectory& row, const Group& group) {
  const std::int64_t now = version().number;
  const std::int64_t oldest = now - most_stale(s_.policy);
  for (const Segment& segment : row.segments) {
    if (!segment.sampled) continue;
    if (segment.version.number < oldest || segment.version.number > now) {
      broken("staleness", group,
             fmt::format("{} has tokens of version {}; the trainer is at {} and may use {} to {}",
                         row.sample_id, segment.version.number, now, oldest, now));
    }
    if (segment.tokens.size() != segment.logprobs.size()) {
      broken("samples", group,
             fmt::format("{} has {} tokens and {} log-probs", row.sample_id, segment.tokens.size(),
                         segment.logprobs.size()));
    }
    for (const float logprob : segment.logprobs) {
      if (std::isfinite(logprob) && logprob <= 0) continue;
      broken("samples", group, fmt::format("{} has log-prob {}", row.sample_id, logprob));
    }
  }
}

void TrainWitness::look_at(const Group& group) {
  std::set<int> members;
  std::set<std::int64_t> versions;
  for (const Trajectory& row : group.rows) {
    members.insert(row.member);
    look_at(row, group);
    for (const Segment& segment : row.segments) {
      if (segment.sampled) versions.insert(segment.version.number);
    }
    const std::string input = row.sample_id.substr(0, row.sample_id.find('_'));
    const std::string first = group.rows.front().sample_id;
    if (input != first.substr(0, first.find('_'))) {
      broken("groups", group, "rows " + first + " and " + row.sample_id + " are of two tasks");
    }
    if (!step_.samples.insert({row.sample_id, row.agent}).second) {
      broken("used twice", group, row.sample_id + " was given to one step twice");
    }
  }
  const auto seen = static_cast<std::int64_t>(members.size());
  // In kuhn an illegal answer ends the game before the other player has said a word.
  const bool all_speak = s_.options.environment_name != "kuhn";
  if (seen > s_.options.rollout.group_size || (all_speak && seen < s_.options.rollout.group_size)) {
    broken("groups", group,
           fmt::format("{} members instead of {}", seen, s_.options.rollout.group_size));
  }
  if (group.advantages.size() != group.rows.size()) {
    broken("groups", group,
           fmt::format("{} advantages for {} rows", group.advantages.size(), group.rows.size()));
  }
  const ModeOptions& mode = s_.policy.pipeline;
  if ((mode.mode != "overlap" || mode.update == "pin") && versions.size() > 1) {
    broken("groups", group, fmt::format("sampled by {} versions", versions.size()));
  }
  s_.log.say(s_.executor.now(),
             fmt::format("policy {} trains in step {} on group {}.{} of versions {} to {}",
                         s_.policy.name, s_.next_step, group.key.step, group.key.index,
                         versions.empty() ? -1 : *versions.begin(),
                         versions.empty() ? -1 : *versions.rbegin()));
  if (!keys_.insert(group.key).second) broken("used twice", group, "given to one step twice");
}

Async<Status> TrainWitness::accumulate(std::shared_ptr<const Group> group) {
  if (s_.fault) {
    Status fault = s_.fault();
    if (!fault) co_return fault;
  }
  look_at(*group);
  ++step_.groups;
  Status done = co_await below_.accumulate(std::move(group));
  co_return done;
}

Async<Result<StepResult>> TrainWitness::step(std::int64_t groups, double learning_rate) {
  const Version before = version();
  if (step_.groups > groups || groups != s_.options.rollout.groups) {
    s_.verdict.broken("groups", fmt::format("policy {}: step {} of {} groups was given {}",
                                            s_.policy.name, s_.next_step, groups, step_.groups));
  }
  auto result = co_await below_.step(groups, learning_rate);
  if (!result) co_return result;
  const std::int64_t made = version().number - before.number;
  if (made != (result->skipped ? 0 : 1)) {
    s_.verdict.broken("version order",
                      fmt::format("policy {}: step {} led from version {} to {}", s_.policy.name,
                                  s_.next_step, before.number, version().number));
  }
  s_.ledger.stepped(s_.policy.name, s_.next_step, std::move(step_), s_.verdict);
  step_ = {};
  keys_.clear();
  ++s_.next_step;
  co_return result;
}

}  // namespace troupe
