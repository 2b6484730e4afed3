#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "experience/group.h"

namespace troupe {

/// The experience of one policy, in memory: the boundary between rollout and training.
///
/// A group is reserved at launch and committed at its end, whole. take() gives complete groups
/// only, and each group once. A taken group is covered by the optimizer step that includes it and
/// retired once a durable checkpoint includes that step; then its memory is freed.
///
/// Bytes are reserved at admission. The reservation is the most that a group can need, so a commit
/// never has to wait or fail for lack of room.
///
/// Lives on one strand. Illegal transitions are bugs: they are reported as kInternal.
class ExperienceTable {
 public:
  ExperienceTable(Executor& executor, std::string policy, std::uint64_t byte_budget)
      : policy_(std::move(policy)), byte_budget_(byte_budget), changed_(executor) {}

  [[nodiscard]] const std::string& policy() const { return policy_; }

  /// True if a group of at most `bytes` may be admitted now.
  [[nodiscard]] bool has_room(std::uint64_t bytes) const {
    return reserved_bytes_ == 0 || reserved_bytes_ + bytes <= byte_budget_;
  }
  Status reserve(GroupKey key, const std::string& task, std::uint64_t bytes);
  /// Its first episode has begun.
  Status start(GroupKey key);
  /// All its episodes have closed: rows and advantages are final. No rows: the group ends empty.
  Status commit(Group group);
  /// It will never be complete. The reason is kept and counted.
  Status abandon(GroupKey key, const std::string& reason);

  /// Waits until `count` groups of `step` are ready, or all that the step can still give, and takes
  /// them in order of their index. Empty: every group of the step has been taken or has ended.
  /// kDeadline names what is missing.
  Async<Result<std::vector<std::shared_ptr<const Group>>>> take(std::int64_t step, int count,
                                                                Wait wait);

  /// The optimizer step included these groups.
  Status cover(std::int64_t step);
  /// The optimizer step was not taken (not finite): its samples failed for `reason`.
  Status fail_taken(std::int64_t step, const std::string& reason);
  /// A durable checkpoint includes all steps up to and with `step`.
  Status retire_through(std::int64_t step);

  /// Groups now in a state, of those still held.
  [[nodiscard]] std::int64_t held(GroupState state) const;
  /// Groups that ever entered a state.
  [[nodiscard]] std::int64_t entered(GroupState state) const {
    return entered_[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] const std::map<std::string, std::int64_t>& failures() const { return failures_; }
  [[nodiscard]] std::uint64_t reserved_bytes() const { return reserved_bytes_; }
  /// Woken whenever a group changes state.
  Signal& changed() { return changed_; }

 private:
  struct Entry {
    GroupState state = GroupState::kReserved;
    std::string task;
    std::uint64_t bytes = 0;
    std::shared_ptr<const Group> group;
  };

  Result<Entry*> find(GroupKey key);
  Status move(GroupKey key, Entry& entry, GroupState to);

  std::string policy_;
  std::uint64_t byte_budget_;
  std::uint64_t reserved_bytes_ = 0;
  Signal changed_;
  std::map<GroupKey, Entry> entries_;
  std::array<std::int64_t, 8> entered_{};
  std::map<std::string, std::int64_t> failures_;
};

}  // namespace troupe
