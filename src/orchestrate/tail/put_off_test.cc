#include <algorithm>
#include <set>

#include "orchestrate/tail/tail_test_support.h"

namespace troupe {
namespace {

constexpr int kTurns = 2;
constexpr std::int64_t kSteps = 12;

/// Between the turns and after the last an agent waits for a tool, which nobody can interrupt: a
/// group that is put off has episodes that leave long after its step.
Async<Result<Outcome>> with_slow_tools(Episode& episode, Task task) {
  auto turn = co_await episode.reset(std::move(task));
  while (turn && !turn->done()) {
    auto action = co_await episode.act(turn->prompts.front());
    if (!action) co_return tl::unexpected(action.error());
    const auto words = static_cast<std::int64_t>(episode.exchanges().back().prompt.text.size());
    const auto spoken = episode.trajectories().front().sampled_tokens();
    co_await sleep_for(episode.executor(), (spoken % 7) * words * 20 * kMillisecond);
    std::vector<Action> actions(1, std::move(*action));
    turn = co_await episode.step(std::move(actions));
  }
  if (!turn) co_return tl::unexpected(turn.error());
  co_return episode.finish();
}

/// What a process leaves when it is killed: its checkpoint and its disk.
struct Left {
  TailCheckpoint checkpoint;
  std::unique_ptr<MemoryDisk> disk = std::make_unique<MemoryDisk>();
};

void copy_disk(Disk& from, Disk& to) {
  ASSERT_TRUE(to.make_folders("/experience"));
  const auto names = from.list("/experience");
  ASSERT_TRUE(names);
  for (const std::string& name : *names) {
    const auto bytes = from.read("/experience/" + name);
    ASSERT_TRUE(bytes);
    ASSERT_TRUE(to.write("/experience/" + name, *bytes, true));
  }
}

Async<void> kill_at(TailStage& stage, Nanos when, const TailCheckpoint& newest, Left& left,
                    Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  co_await sleep_for(*stage.executor, when);
  left.checkpoint = newest;
  copy_disk(*stage.disk, *left.disk);
}

/// Plays up to `steps`, with a checkpoint after every `every`-th; `killed` is what would be left at
/// `kill_after`. Ends with what a checkpoint at the end would say.
Async<Status> play(TailStage& stage, TailCheckpoint& at, std::int64_t steps, std::int64_t every,
                   Nanos kill_after, Left& killed) {
  stage.setting->steps = steps;
  Pipeline pipeline(*stage.setting, at.steps, at.queue);
  Gate gate(*stage.executor);
  if (kill_after > 0) spawn(kill_at(stage, kill_after, at, killed, Gate::Pass(gate)));
  Status status;
  for (std::int64_t step = at.steps; step < steps && status; ++step) {
    auto done = co_await pipeline.step(step, std::vector<double>(1, 1e-3));
    if (!done) {
      status = tl::unexpected(done.error());
      break;
    }
    if ((step + 1) % every != 0 && step + 1 < steps) continue;
    TailCheckpoint next;
    next.steps = step + 1;
    next.place = pipeline.place_of(step + 1);
    next.queue = pipeline.queue_of(step + 1);
    Status synced = co_await stage.store->sync(Wait(60 * kSecond, "the journal"));
    if (!synced) co_return synced;
    at = next;
  }
  co_await pipeline.stop();
  const Status gone = co_await gate.wait_empty(Wait(24 * 3600 * kSecond, "the kill"));
  co_return status ? gone : status;
}

/// Every task that was begun was trained on once and whole, as in its first try, or is put off.
void check_nothing_lost(const std::map<std::int64_t, std::vector<LengthTrainer::Sample>>& trained,
                        const TailCheckpoint& end, std::int64_t steps, bool whole) {
  std::map<std::int64_t, std::set<int>> members;
  for (const auto& [step, samples] : trained) {
    std::set<std::int64_t> places;
    for (const auto& sample : samples) {
      EXPECT_EQ(sample.age, 0);
      EXPECT_EQ(sample.tokens, length_of(sample.place, sample.member, kTurns));
      EXPECT_TRUE(members[sample.place].insert(sample.member).second)
          << "task " << sample.place << " was trained on twice";
      EXPECT_TRUE(!whole || sample.member < TailStage::kMembers);
      places.insert(sample.place);
    }
    EXPECT_EQ(places.size(), TailStage::kGroups) << "step " << step;
  }
  EXPECT_EQ(static_cast<std::int64_t>(trained.size()), steps);
  for (const auto& [place, who] : members) {
    EXPECT_EQ(who.size(), TailStage::kMembers) << "task " << place;
  }
  std::set<std::int64_t> known;
  for (const auto& [place, who] : members) known.insert(place);
  for (const std::int64_t place : end.queue) {
    EXPECT_TRUE(known.insert(place).second) << "task " << place << " is put off, and trained on";
  }
  EXPECT_EQ(static_cast<std::int64_t>(known.size()), end.place) << "a task was lost";
  EXPECT_TRUE(known.empty() || *known.rbegin() < end.place);
}

constexpr const char* kPolicies[] = {"redundant_groups", "redundant_members", "tail_batching"};

TailStageOptions with_tools(const std::string& tail, std::uint64_t seed) {
  TailStageOptions options;
  options.tail = tail;
  options.turns = kTurns;
  options.seed = seed;
  static const CoroutineWorkflow workflow(with_slow_tools);
  options.workflow = &workflow;
  options.failures = 0.02;
  return options;
}

TEST(PutOff, NoTaskIsLostOrTrainedOnTwice) {
  for (const std::string tail : kPolicies) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      SCOPED_TRACE(tail + ", seed " + std::to_string(seed));
      TailStage stage(with_tools(tail, seed));
      TailCheckpoint at;
      Left none;
      const Status status = stage.executor->run(play(stage, at, kSteps, kSteps, 0, none));
      ASSERT_TRUE(status) << status.error().message;
      check_nothing_lost(stage.trainer->trained, at, kSteps, tail == "redundant_groups");
    }
  }
}

/// Killed at any instant, with what the journal had by then or with an empty one (a run whose
/// experience is in memory), and gone on with from the newest checkpoint.
TEST(PutOff, NorWhenTheRunIsKilledAndGoesOn) {
  int killed_late = 0;
  for (const std::string tail : kPolicies) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      const bool journal = seed % 2 == 0;
      SCOPED_TRACE(tail + ", seed " + std::to_string(seed) + (journal ? ", journal" : ", memory"));
      Rng rng(seed);
      TailStage first(with_tools(tail, seed));
      TailCheckpoint at;
      Left left;
      const auto when = static_cast<Nanos>(rng.below(14 * kSecond));
      Status status = first.executor->run(play(first, at, kSteps, 3, when, left));
      ASSERT_TRUE(status) << status.error().message;
      auto trained = first.trainer->trained;
      trained.erase(trained.lower_bound(left.checkpoint.steps), trained.end());
      killed_late += left.checkpoint.steps >= 3 ? 1 : 0;
      if (!journal) left.disk = std::make_unique<MemoryDisk>();

      TailStage second(with_tools(tail, seed + 100), left.checkpoint, std::move(left.disk));
      at = left.checkpoint;
      Left none;
      status = second.executor->run(play(second, at, kSteps, 3, 0, none));
      ASSERT_TRUE(status) << status.error().message;
      for (auto& [step, samples] : second.trainer->trained) trained[step] = std::move(samples);
      check_nothing_lost(trained, at, kSteps, tail == "redundant_groups");
    }
  }
  EXPECT_GT(killed_late, 6) << "the kills were meant to fall behind checkpoints, too";
}

/// The answer is short, the tool behind it takes ten seconds for each of its tokens.
Async<Result<Outcome>> with_endless_tools(Episode& episode, Task task) {
  auto turn = co_await episode.reset(std::move(task));
  if (!turn) co_return tl::unexpected(turn.error());
  auto action = co_await episode.act(turn->prompts.front());
  if (!action) co_return tl::unexpected(action.error());
  const auto spoken = episode.trajectories().front().sampled_tokens();
  co_await sleep_for(episode.executor(), spoken * 10 * kSecond);
  std::vector<Action> actions(1, std::move(*action));
  turn = co_await episode.step(std::move(actions));
  if (!turn) co_return tl::unexpected(turn.error());
  co_return episode.finish();
}

Async<Status> one_step(TailStage& stage, Nanos& ended) {
  Pipeline pipeline(*stage.setting, 0);
  auto done = co_await pipeline.step(0, std::vector<double>(1, 1e-3));
  ended = stage.executor->now();
  co_await pipeline.stop();
  co_return done ? Status() : Status(tl::unexpected(done.error()));
}

/// The n-th smallest, from 1.
std::int64_t nth(std::vector<std::int64_t> values, std::int64_t n) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(n - 1)];
}

/// A tool cannot be interrupted, but nobody waits for those of episodes that are not needed.
TEST(PutOff, AStepWaitsForWhatItNeedsAndNoMore) {
  for (const std::string tail :
       {"none", "redundant_groups", "redundant_members", "tail_batching"}) {
    TailStageOptions options;
    options.tail = tail;
    const CoroutineWorkflow workflow(with_endless_tools);
    options.workflow = &workflow;
    TailStage stage(options);
    stage.setting->steps = 1;
    TailPlan plan{TailStage::kGroups, TailStage::kMembers, false};
    if (stage.policy) plan = stage.policy->plan(0);
    std::vector<std::int64_t> groups;
    for (std::int64_t place = 0; place < plan.groups; ++place) {
      std::vector<std::int64_t> members;
      for (int member = 0; member < plan.members; ++member) {
        members.push_back(length_of(place, member));
      }
      groups.push_back(nth(std::move(members), TailStage::kMembers));
    }
    const double least = 10.0 * static_cast<double>(nth(std::move(groups), TailStage::kGroups));
    Nanos ended = 0;
    const Status status = stage.executor->run(one_step(stage, ended));
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_GE(static_cast<double>(ended) / kSecond, least) << tail;
    EXPECT_LE(static_cast<double>(ended) / kSecond, least + 5) << tail << ": answers, not tools";
  }
}

}  // namespace
}  // namespace troupe
