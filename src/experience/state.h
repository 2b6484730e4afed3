#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "experience/record.h"
#include "experience/table.h"

namespace troupe {

/// What a run's experience is at one place of its journal: the tables, the prompt cursor, the
/// consumers' cursors. A function of the records up to there: apply() is the only way to change it,
/// for a live store and for a replay alike.
///
/// Not thread-safe. An illegal record is kInternal, one of another run kInvalid.
class StoreState {
 public:
  struct Policy {
    std::string name;
    std::vector<std::string> agents;  ///< whose trajectories are this policy's
    std::uint64_t byte_budget = 1U << 30;
    std::unique_ptr<Selector> selector;          ///< null: admission order
    std::optional<AdmissionSettings> admission;  ///< none: only bytes hold up admission
  };
  /// `run`: digest of what the experience belongs to. Without policies, any run's journal can be
  /// replayed, and says itself which there are.
  StoreState(std::vector<Policy> policies, std::uint64_t run);

  /// One record that lies at `lsn`. May take `record` apart.
  Status apply(StoreRecord& record, Lsn lsn, Nanos now);
  /// One frame of a journal's scan, snapshots included.
  Status replay(const Frame& frame);
  /// The records that lead a fresh state here.
  void snapshot(const std::function<void(StoreRecord)>& emit) const;
  /// Which tables there are.
  [[nodiscard]] TablesRecord heading() const;

  [[nodiscard]] const std::vector<std::unique_ptr<ExperienceTable>>& tables() const {
    return tables_;
  }
  [[nodiscard]] ExperienceTable& table(int policy) {
    return *tables_[static_cast<std::size_t>(policy)];
  }
  [[nodiscard]] const ExperienceTable& table(int policy) const {
    return *tables_[static_cast<std::size_t>(policy)];
  }
  [[nodiscard]] const Policy& policy(int index) const {
    return policies_[static_cast<std::size_t>(index)];
  }
  /// The table of an agent; -1 if nobody trains it.
  [[nodiscard]] int policy_of(const std::string& agent) const;
  [[nodiscard]] std::int64_t next_place() const { return place_; }
  [[nodiscard]] std::int64_t retired_steps() const { return retired_steps_; }
  [[nodiscard]] std::int64_t incarnation() const { return incarnation_; }
  [[nodiscard]] const std::map<std::string, Lsn>& consumers() const { return consumers_; }
  /// Nothing in the journal before this place is needed but for what a snapshot repeats.
  [[nodiscard]] Lsn needed_from(Lsn end) const;
  /// The first place behind `position` at which groups became ready, and which; policy -1: none.
  [[nodiscard]] std::vector<std::pair<int, GroupKey>> ready_behind(Lsn position, Lsn* at) const;

 private:
  using Tables = std::vector<std::unique_ptr<ExperienceTable>>;
  Status change(TablesRecord& r, Lsn lsn, Nanos now);
  Status change(ReserveRecord& r, Lsn lsn, Nanos now);
  Status change(StartRecord& r, Lsn lsn, Nanos now);
  Status change(RowsRecord& r, Lsn lsn, Nanos now);
  Status change(ColumnRecord& r, Lsn lsn, Nanos now);
  Status change(CloseRecord& r, Lsn lsn, Nanos now);
  Status change(EndRecord& r, Lsn lsn, Nanos now);
  Status change(TakeRecord& r, Lsn lsn, Nanos now);
  Status change(CoverRecord& r, Lsn lsn, Nanos now);
  Status change(RetireRecord& r, Lsn lsn, Nanos now);
  Status change(RestartRecord& r, Lsn lsn, Nanos now);
  Status change(ConsumerRecord& r, Lsn lsn, Nanos now);
  Status change(CountersRecord& r, Lsn lsn, Nanos now);
  Status change(CursorRecord& r, Lsn lsn, Nanos now);
  Status change(StateRecord& r, Lsn lsn, Nanos now);
  Status change(BatchRecord& r, Lsn lsn, Nanos now);
  Result<ExperienceTable*> must_have(std::uint16_t policy);
  void reset();
  void note_ready(int policy, GroupKey key, Lsn lsn);
  [[nodiscard]] Lsn consumed() const;
  Status retire(std::int64_t steps, Nanos now);

  std::vector<Policy> policies_;
  std::uint64_t run_;
  Tables tables_;
  bool restoring_ = false;
  std::int64_t place_ = 0;
  std::int64_t retired_steps_ = 0;
  std::int64_t incarnation_ = 0;
  std::map<std::string, Lsn> consumers_;
  std::map<Lsn, std::vector<std::pair<int, GroupKey>>> ready_;  ///< kept for consumers
};

}  // namespace troupe
