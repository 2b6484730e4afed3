#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/executor.h"
#include "experience/group.h"
#include "experience/journal/journal.h"
#include "experience/state.h"

namespace troupe {

/// The experience of a run: one table per policy over one journal; the boundary between rollout and
/// training (docs/experience.md).
///
/// A group is admitted in all tables at once, its episodes come in one by one, and it is ready when
/// the last has ended and all columns are filled. Each table's part is then taken whole and once by
/// the step that trains on it, covered by that step, and retired by a checkpoint that includes it.
/// Nothing that was synced is lost; what a crash takes with it are the last fractions of a second,
/// which are then played again. open() and restart() lead to the state that a run goes on from.
///
/// Lives on the strand; workers and other threads enter by Executor::post (fill_from()). Changes
/// are in memory at once and durable soon; sync() waits for that. Illegal changes are bugs:
/// kInternal. Trouble with the disk stops admission (may_admit) and nothing else.
class ExperienceStore {
 public:
  using Policy = StoreState::Policy;
  struct Setting {
    Executor& executor;
    Disk& disk;
    JournalOptions journal;
    std::vector<Policy> policies;
    std::vector<std::string> consumers;        ///< besides the trainer; each with its own cursor
    std::uint64_t run = 0;                     ///< digest of what the experience belongs to
    std::uint64_t backlog_bytes = 256U << 20;  ///< not yet durable; more stops admission
  };

  /// Reads the journal, if there is one, and goes on behind it. Blocks. kInvalid: it is damaged
  /// where it had been synced, or belongs to another run.
  static Result<std::unique_ptr<ExperienceStore>> open(Setting setting);
  /// What open() found to be cut off by a crash: a sentence, or empty.
  [[nodiscard]] const std::string& recovery_note() const { return recovery_note_; }

  /// The run goes on after `steps` steps, from a checkpoint with these version numbers (per policy)
  /// and this prompt cursor: later steps' samples will be given out again, in the same batches.
  /// A new incarnation begins, the next one or `least`.
  Status restart(std::int64_t steps, std::int64_t place, std::vector<std::int64_t> versions,
                 std::int64_t least = 0);

  // Rollout. All are about a group in all tables.
  /// True if a group of at most so many bytes per policy may be admitted now: every policy's pace
  /// of admission (admission.h), its memory and the disk allow it.
  [[nodiscard]] bool may_admit(const std::vector<std::uint64_t>& bytes);
  /// True if the journal keeps up with what is appended: no trouble, no long backlog.
  [[nodiscard]] bool writable() const;
  /// Waits until writable(). The error says what the disk says.
  Async<Status> wait_until_writable(Wait wait);
  /// Waits until may_admit().
  Async<Status> wait_for_room(std::vector<std::uint64_t> bytes, Wait wait);
  /// Admits a group for the task at `place` of the run's order, which is next_place() for a new
  /// one. `versions`: the number that each policy is at. kInternal, too, if a policy's pace of
  /// admission does not allow it.
  Status reserve(GroupKey key, std::int64_t place, std::string task,
                 std::vector<std::uint64_t> bytes, std::vector<std::int64_t> versions);
  Status start(GroupKey key);
  /// An episode ended with these trajectories, one per agent that spoke.
  Status add_episode(GroupKey key, int member, const std::vector<Trajectory>& trajectories);
  /// A stage filled a column of a policy's rows, from row `first` on. Any order.
  Status fill(ColumnRecord record);
  /// As fill(), from any thread, soon; `failed` hears on the strand if it was illegal.
  void fill_from(ColumnRecord record, std::function<void(const Error&)> failed);
  Status close(GroupKey key);
  /// The group ends without use, for `reason`: failed, expired or filtered. Tables in which it has
  /// ended already are left as they are.
  Status end(GroupKey key, GroupState state, const std::string& reason);

  // Training, per policy.
  /// Waits until `count` groups are ready for `step`, or all that it can still get, and takes them
  /// in the selector's order, as far as the order rule allows that (admission_due.h). Empty:
  /// nothing is outstanding. kDeadline names what is missing.
  Async<Result<std::vector<std::shared_ptr<const Group>>>> take(int policy, std::int64_t step,
                                                                int count, Wait wait);
  /// The step included what was taken for it, and led to the version of that number.
  Status cover(int policy, std::int64_t step, std::int64_t version);
  /// The step was not taken (not finite): its samples failed for `reason`.
  Status skip(int policy, std::int64_t step, const std::string& reason);
  /// A durable checkpoint includes all steps before `steps`. Call sync() before it is written.
  Status retire(std::int64_t steps);

  // Consumers: each sees every group that becomes ready, once, in order.
  struct Item {
    Lsn position = 0;  ///< what advance() is told when it has been used
    std::vector<std::pair<int, std::shared_ptr<const Group>>> groups;  ///< by policy
  };
  /// What next became ready behind the consumer's cursor; waits for it.
  Async<Result<Item>> next(const std::string& consumer, Wait wait);
  Status advance(const std::string& consumer, Lsn position);

  /// Everything up to now is durable.
  Async<Status> sync(Wait wait) { return journal_->sync(std::move(wait)); }
  /// Ends the journal in good order.
  Async<Status> close_journal(Wait wait) { return journal_->close(std::move(wait)); }

  [[nodiscard]] const StoreState& state() const { return state_; }
  [[nodiscard]] const ExperienceTable& table(int policy) const { return state_.table(policy); }
  [[nodiscard]] const Journal& journal() const { return *journal_; }
  /// Woken whenever a group changes state or something became durable.
  Signal& changed() { return journal_->changed(); }

 private:
  explicit ExperienceStore(Setting setting);
  Status change(StoreRecord record);
  /// True if a policy's pace of admission stands against one more group.
  [[nodiscard]] bool paced(std::size_t policy) const;
  [[nodiscard]] std::vector<GroupKey> in_order(int policy, std::int64_t step,
                                               std::vector<GroupKey> chosen) const;
  Async<Result<std::shared_ptr<const Group>>> load(int policy, GroupKey key);

  Executor& executor_;
  Disk& disk_;
  std::uint64_t backlog_bytes_;
  StoreState state_;
  std::unique_ptr<Journal> journal_;
  std::string recovery_note_;
};

}  // namespace troupe
