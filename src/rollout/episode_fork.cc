#include <fmt/format.h>

#include "rollout/episode.h"

// Branches of an episode, and the environment that is made again for them.

namespace troupe {

Async<Result<std::shared_ptr<Environment>>> Episode::replay() {
  std::shared_ptr<Environment> fresh = spec_.make();
  auto turn = co_await reset_it(*fresh);
  for (const auto& actions : actions_) {
    if (!turn) break;
    turn = co_await step_it(*fresh, actions);
  }
  if (!turn) co_return tl::unexpected(turn.error());
  co_return fresh;
}

Async<Result<std::optional<Outcome>>> Episode::outcome_if(std::vector<Action> actions) {
  auto copy = co_await replay();
  if (!copy) co_return tl::unexpected(copy.error());
  auto turn = co_await step_it(**copy, actions);
  if (!turn) co_return tl::unexpected(turn.error());
  if (!turn->done()) co_return std::optional<Outcome>();
  co_return std::optional<Outcome>((*copy)->outcome());
}

void Episode::copy_context(const Episode& from, const Speaker& known, Speaker& self) {
  self.session.reset();
  self.context = known.context;
  self.turns = known.turns;
  self.cut = known.cut;
  self.answers.assign(known.answers.size(), std::nullopt);
  Trajectory& row = trajectories_[self.trajectory];
  row.segments.clear();
  for (const Segment& segment : from.trajectories_[known.trajectory].segments) {
    Segment shown;
    shown.tokens = segment.tokens;
    row.segments.push_back(std::move(shown));
  }
}

std::unique_ptr<Episode> Episode::fork(std::optional<int> context) {
  auto branch = std::make_unique<Episode>(executor_, spec_, agents_, id_, turn_wait_, cancel_);
  branch->budget_ = budget_;
  branch->ticket_ = ticket_;  // as old as the whole
  branch->teacher_ = teacher_;
  branch->evaluating_ = evaluating_;
  branch->forks_ = forks_;
  branch->branch_ = ++*forks_;
  branch->branch_context_ = context.value_or(branch->branch_);
  branch->task_ = task_;
  branch->environment_seed_ = environment_seed_;
  branch->asked_ = asked_;
  branch->actions_ = actions_;
  branch->environment_ = environment_;
  branch->forked_ = forked_ = true;
  for (auto& [place, own] : speakers_) {
    own.session.reset();
    if (place.second != 0) continue;  // a context apart is not gone on with
    const auto opened = branch->speaker(Prompt{place.first, "", 0});
    if (opened) branch->copy_context(*this, own, **opened);
  }
  return branch;
}

void Episode::follow(const Episode& branch) {
  for (const auto& [place, known] : branch.speakers_) {
    const auto own = speaker(Prompt{place.first, "", 0});
    if (own) copy_context(branch, known, **own);
  }
}

void Episode::join(Episode& branch, const std::map<std::string, double>& rewards) {
  for (Trajectory& row : branch.trajectories_) {
    if (row.sampled_tokens() == 0) continue;
    const auto own = rewards.find(row.agent);
    if (own != rewards.end()) branch_rewards_[{row.agent, row.sample_id}] = own->second;
    trajectories_.push_back(std::move(row));
  }
  branch.trajectories_.clear();
  branch.speakers_.clear();
  branch_rewards_.merge(branch.branch_rewards_);
  for (Exchange& exchange : branch.exchanges_) exchanges_.push_back(std::move(exchange));
  branch.exchanges_.clear();
  pieces_ += branch.pieces_;
  branch.pieces_ = 0;
}

}  // namespace troupe
