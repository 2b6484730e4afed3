#pragma once

#include <functional>
#include <memory>
#include <string>

#include "experience/store.h"
#include "store/contender.h"

namespace troupe::bench {

/// Our store in a folder with one policy, on an executor of its own, driven as rollout and training
/// drive it: on the strand, which other things get back between two groups.
class OurStore {
 public:
  struct Setting {
    std::int64_t sample_bytes = 4096;  ///< half of them ids, half log-probs
    int group = 16;
    int groups_per_step = 64;
  };
  static Result<std::unique_ptr<OurStore>> open(const std::string& folder, Setting setting);

  [[nodiscard]] const ExperienceStore& store() const { return *store_; }

  /// Appends up to `samples` samples in whole groups (reserve, start, an episode per sample, the
  /// advantages, close) and waits until they are durable. Gives how many.
  Result<std::int64_t> append(std::int64_t samples, double seconds);
  /// Takes up to `groups` groups, the oldest first; a step is covered as soon as all its groups
  /// were taken. Gives the seconds of each, the cover included.
  Result<Taken> take(int groups);
  /// Ends the journal in good order.
  Status close();
  /// The longest that the strand was kept from others between two groups, seconds.
  [[nodiscard]] double longest_pause() const { return longest_pause_; }

 private:
  OurStore() = default;
  Async<Status> append_groups(std::int64_t samples, double seconds, std::int64_t& done);
  Async<Status> take_groups(int groups, Taken& out);
  Status add_group(GroupKey key, const SampleBytes& bytes, std::vector<Trajectory>& episode);
  [[nodiscard]] GroupKey key(std::int64_t group) const;
  Async<void> let_others();

  Setting setting_;
  std::unique_ptr<Disk> disk_ = make_posix_disk();
  std::unique_ptr<Executor> executor_ = make_live_executor(2);
  std::unique_ptr<ExperienceStore> store_;
  std::int64_t appended_ = 0;  // groups
  std::int64_t taken_ = 0;     // groups
  double longest_pause_ = 0;
};

}  // namespace troupe::bench
