#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orchestrate/pipeline.h"

namespace troupe {

/// The rollout side of a run: admits groups in the order of the run's tasks as soon as every policy
/// lets them in, plays the episodes that the store does not have yet, and closes the groups.
///
/// A group is admitted for a step and an index in it. All of a step's groups are admitted before
/// those of the next; a policy at staleness 0 lets a step's groups in when it has made all steps
/// before, one at staleness a up to floor(a B) groups sooner. With weights pinned, a group's
/// version is the one from which on it could be admitted, whenever it is: then no token depends on
/// timing.
///
/// With refill, a group whose rewards are all equal ends as filtered and the next task takes its
/// place (experience/curation/refill.h says why the batch does not depend on timing).
///
/// Lives on the strand, at least until its gate is empty. rollout_flow.cc lets groups in,
/// rollout_play.cc plays them.
class RolloutFlow {
 public:
  RolloutFlow(const PipelineSetting& setting, std::int64_t first_step,
              std::deque<std::int64_t> queue);

  /// A policy is at its next version: more groups may be let in. The first call for each begins.
  void stepped(int policy);
  /// Admits and resumes what may be now.
  void pump();
  /// Ends what is being played; the store keeps it as it is.
  void cancel();
  [[nodiscard]] bool cancelled() const { return cancelled_; }

  /// True if all of the step's groups have been admitted and none is being played.
  [[nodiscard]] bool complete(std::int64_t step) const;
  /// True if no group that is pinned to a version before `steps` is still to be played.
  [[nodiscard]] bool settled(std::int64_t steps) const;
  /// Waits until something of the above may have changed; false at the deadline.
  Async<bool> changed(Wait wait);

  [[nodiscard]] Gate& gate() { return gate_; }
  /// The first error that stops the run.
  [[nodiscard]] const Status& error() const { return error_; }
  void note(const Status& status);
  /// What became of the groups that were admitted for a step.
  [[nodiscard]] const FlowCounts& counts(std::int64_t step) { return rounds_[step].counts; }
  /// When the step's first group began to be played, and when its last one was done.
  [[nodiscard]] StageSpan generated(std::int64_t step) { return rounds_[step].span; }
  /// When the first of its episodes began to be scored, and the last one was; with a reward stage.
  [[nodiscard]] StageSpan rewarded(std::int64_t step) { return rounds_[step].reward; }
  void forget_before(std::int64_t step);
  [[nodiscard]] const std::string& last_failure() const { return last_failure_; }
  [[nodiscard]] std::int64_t place_of(std::int64_t step) const;
  [[nodiscard]] std::deque<std::int64_t> queue_of(std::int64_t step) const;

 private:
  /// What has happened to a step's groups.
  struct Round {
    TailPlan plan;
    std::int64_t next = 0;    ///< index of the next group to be admitted or resumed
    std::int64_t closed = 0;  ///< complete, for the step to train on
    std::int64_t playing = 0;
    std::int64_t first_place = -1;
    std::deque<std::int64_t> queue;    ///< as it was before the step
    std::vector<std::int64_t> places;  ///< of its tasks, chosen by difficulty; empty: in order
    FlowCounts counts;
    StageSpan span;
    StageSpan reward;
  };
  struct Playing {
    GroupKey key;
    std::int64_t place = 0;
    AgentBindings agents;
    std::shared_ptr<Cancel> cancel;
    std::int64_t kept = 0;                                  ///< episodes that the group has
    std::shared_ptr<int> lacks = std::make_shared<int>(0);  ///< and those that it needs yet
    std::int64_t tokens = 0;                                ///< that they sampled here
    Nanos began = 0;
    bool ended = false;    ///< for its step; only its coroutines are still to leave
    bool put_off = false;  ///< and nothing of it was used
  };

  [[nodiscard]] Result<Task> task_of(std::int64_t place) const;
  Round& round(std::int64_t step);
  Status choose_places(std::int64_t step, Round& round) const;
  [[nodiscard]] std::int64_t launches(const Round& round) const;
  [[nodiscard]] std::int64_t order(GroupKey key) const;
  [[nodiscard]] GroupKey next_key() const;
  [[nodiscard]] bool let_in(GroupKey key) const;
  void take_up_overtaken();
  void admit_all();
  Status admit(GroupKey key, Round& round);
  void take_up(GroupKey key, const TableEntry& entry, Round& round);
  [[nodiscard]] std::shared_ptr<const EngineWeights> pin(std::size_t policy, GroupKey key) const;
  [[nodiscard]] AgentBindings pinned_agents(GroupKey key) const;
  [[nodiscard]] std::int64_t versions_made(GroupKey key) const;
  void start(GroupKey key);
  Async<void> play(std::shared_ptr<Playing> group, Gate::Pass pass);
  Async<Status> play_group(Playing& group);
  Status keep(Playing& group, const Task& task, int member, EpisodeRecord record);
  Status close(GroupKey key);
  void leave(Playing& group, const Status& status);
  void end(Playing& group, const Status& status);
  void put_off(Playing& group);
  void count_tokens(const Playing& group);
  void finish_round(std::int64_t step);
  Async<void> wait_for_room(Gate::Pass pass);
  [[nodiscard]] std::vector<std::uint64_t> group_bytes() const;
  [[nodiscard]] std::optional<std::string> refused(GroupKey key) const;

  const PipelineSetting& setting_;
  std::int64_t step_;  ///< the first whose groups may still be admitted
  std::deque<std::int64_t> queue_;
  Gate gate_;
  Signal moved_;
  Status error_;
  bool cancelled_ = false;
  bool overtaken_taken_up_ = false;
  bool pumping_ = false;
  bool waiting_for_room_ = false;
  std::size_t begun_ = 0;  ///< policies that have said where they are
  std::map<std::int64_t, Round> rounds_;
  std::map<GroupKey, std::shared_ptr<Playing>> playing_;
  /// Per policy: what its engine served after so many steps, as long as a group may need it.
  std::vector<std::map<std::int64_t, std::shared_ptr<const EngineWeights>>> pins_;
  std::string last_failure_;
};

}  // namespace troupe
