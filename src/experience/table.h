#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/executor.h"
#include "experience/admission_due.h"
#include "experience/record.h"
#include "experience/selection/selector.h"
#include "experience/table_entry.h"
#include "experience/version.h"

namespace troupe {

/// The state of one policy's experience: its groups and how far each has come. Pure memory; what
/// makes it durable is the store's business (store.h), which also says when things happen.
///
/// Every change is checked against the group's state; an illegal one is a bug, reported as
/// kInternal, and changes nothing. Changes are counted and timed by state.
class ExperienceTable {
 public:
  ExperienceTable(std::string policy, std::uint64_t byte_budget,
                  std::unique_ptr<Selector> selector);

  // Changes, in the order of a group's life. `now`: for the time by state.
  Status reserve(GroupKey key, TableEntry entry, Nanos now);
  Status start(GroupKey key, Nanos now);
  /// Whether add_member() may be called.
  [[nodiscard]] Status check_member(GroupKey key, int member) const;
  Status add_member(GroupKey key, int member, std::vector<Row> rows);
  Status fill(const ColumnRecord& record, Lsn lsn, Nanos now);
  Status close(GroupKey key, Lsn lsn, Nanos now);
  Status end(GroupKey key, GroupState state, const std::string& reason, Nanos now);
  Status take(std::int64_t step, const std::vector<GroupKey>& keys, Nanos now);
  Status cover(const CoverRecord& record, Nanos now);
  /// All covered groups of steps before `steps` are retired, and forgotten unless a consumer that
  /// has come to `consumed` still wants them, or they had been admitted for a later step.
  Status retire(std::int64_t steps, Lsn consumed, Nanos now);
  /// The run goes on after `steps` steps: what later steps had taken is ready again, to be taken in
  /// the same batches. `lost`: more had been retired; what belongs to later steps is forgotten.
  Status restart(const RestartRecord& record, std::int64_t version, bool lost, Nanos now);

  // Snapshots: what describes this table, and the way back.
  [[nodiscard]] CountersRecord counters() const;
  void restore(const CountersRecord& record);
  void restore(const StateRecord& record, Nanos now);
  void restore(const BatchRecord& record);
  void restore_rows(GroupKey key, std::vector<Row> rows);
  /// After the last of them: ready groups may be chosen.
  void restored();

  /// The groups that `step` should take next, at most `count`: a batch that was recorded before a
  /// restart as it was, otherwise as the selector chooses.
  [[nodiscard]] std::vector<GroupKey> choose(std::int64_t step, std::size_t count);
  /// Groups that may still become ready for `step`.
  [[nodiscard]] std::int64_t outstanding(std::int64_t step) const;

  [[nodiscard]] const TableEntry* find(GroupKey key) const;
  [[nodiscard]] const std::map<GroupKey, TableEntry>& entries() const { return entries_; }
  [[nodiscard]] const std::map<std::int64_t, std::vector<std::vector<GroupKey>>>& batches() const {
    return batches_;
  }
  [[nodiscard]] const std::map<std::int64_t, std::deque<std::vector<GroupKey>>>& recorded() const {
    return recorded_;
  }
  [[nodiscard]] const std::string& policy() const { return policy_; }
  [[nodiscard]] const Selector& selector() const { return *selector_; }
  [[nodiscard]] const Timeline& timeline() const { return timeline_; }
  /// Number of the newest version that a covered step led to.
  [[nodiscard]] std::int64_t version() const { return version_; }
  /// Steps that were covered or skipped so far.
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  /// What paces admission (admission.h), with `batch` groups in a step.
  [[nodiscard]] AdmissionCounts admission_counts(std::int64_t batch) const;
  /// Groups that wait for their episodes or for a step, in order of their keys.
  [[nodiscard]] std::vector<OutstandingGroup> outstanding_groups() const;
  /// Groups that have been taken for a step.
  [[nodiscard]] std::int64_t taken(std::int64_t step) const;

  /// Groups now in a state; groups that ever entered it; seconds that groups spent in it.
  [[nodiscard]] std::int64_t held(GroupState state) const { return held_[index(state)]; }
  [[nodiscard]] std::int64_t entered(GroupState state) const { return entered_[index(state)]; }
  [[nodiscard]] double seconds(GroupState state) const;
  [[nodiscard]] const std::map<std::string, std::int64_t>& reasons() const { return reasons_; }
  /// Samples that retired steps used, and a digest of (step, sample id, reward) that does not
  /// depend on their order.
  [[nodiscard]] std::int64_t used() const { return used_; }
  [[nodiscard]] std::uint64_t used_digest() const { return used_digest_; }

  /// Bytes reserved for groups on their way, and held for ready ones.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t byte_budget() const { return byte_budget_; }
  /// Drops ready groups' responses from memory that can be read again below `durable`, the newest
  /// first, until at most `target` bytes are held. Gives how many were dropped.
  std::int64_t spill(std::uint64_t target, Lsn durable);

 private:
  static std::size_t index(GroupState state) { return static_cast<std::size_t>(state); }
  using Entries = std::map<GroupKey, TableEntry>;

  [[nodiscard]] tl::unexpected<Error> unknown(GroupKey key) const;
  Result<Entries::iterator> must_find(GroupKey key);
  [[nodiscard]] Status check_member(GroupKey key, const TableEntry& entry, int member) const;
  Status move(GroupKey key, TableEntry& entry, GroupState to, Nanos now);
  void count(GroupKey key, const TableEntry& entry, int by);
  void set_bytes(TableEntry& entry, std::uint64_t bytes);
  Status ready_if_complete(GroupKey key, TableEntry& entry, Lsn lsn, Nanos now);
  [[nodiscard]] static Candidate candidate(GroupKey key, const TableEntry& entry);
  void offer(GroupKey key, const TableEntry& entry);
  void give_back(std::int64_t step, Nanos now);
  void note_used(const TableEntry& entry);

  std::string policy_;
  std::uint64_t byte_budget_;
  std::unique_ptr<Selector> selector_;
  Entries entries_;
  /// The batches that were taken for steps that are not retired, and those to be taken again.
  std::map<std::int64_t, std::vector<std::vector<GroupKey>>> batches_;
  std::map<std::int64_t, std::deque<std::vector<GroupKey>>> recorded_;
  std::set<GroupKey> in_memory_;  ///< ready groups that hold responses in memory
  std::map<std::int64_t, std::int64_t> pending_by_step_;
  Timeline timeline_;
  std::int64_t version_ = 0;
  std::int64_t steps_ = 0;
  std::int64_t arrivals_ = 0;
  std::uint64_t bytes_ = 0;
  std::array<std::int64_t, kGroupStates> held_{};
  std::array<std::int64_t, kGroupStates> entered_{};
  std::array<Nanos, kGroupStates> nanos_{};
  std::map<std::string, std::int64_t> reasons_;
  std::int64_t used_ = 0;
  std::uint64_t used_digest_ = 0;
};

}  // namespace troupe
