#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/disk_in_memory.h"
#include "base/disk_simulated.h"
#include "base/disk_simulated_file.h"
#include "base/disk_simulated_tree.h"

namespace troupe {

/// What a SimulatedDisk and its open files share: the files, and when a call is to fail.
class SimulatedDisk::State {
 public:
  /// All names and bytes. A copy is another disk.
  struct Image {
    SimulatedTree tree;
    /// Also those without a name: one may be durable, and an open file goes on without.
    std::map<SimulatedTree::Id, SimulatedFile> files;

    Result<SimulatedFile*> file(const std::string& path);
    Result<SimulatedFile*> file_or_new(const std::string& path);
    Result<SimulatedTree::Id> new_file(const std::string& path);
    [[nodiscard]] Result<SimulatedTree::Id> folder(const std::string& path) const;
    void crash(Loss loss, std::uint64_t crash_seed);
  };

  explicit State(std::uint64_t its_seed) : seed(its_seed) {}

  /// kIo once the machine has crashed. Under the lock.
  [[nodiscard]] Status alive(const std::string& call) const;

  /// A numbered call, under the lock: whole() if nothing is to fail it, otherwise torn(rng), which
  /// leaves a part of it, and the error.
  template <class Whole, class Torn>
  Status perform(const Call& call, Whole whole, Torn torn) {
    const std::lock_guard lock(mutex);
    TROUPE_TRY(alive(call.text()));
    const std::uint64_t number = log.size();
    log.push_back(call);
    auto fault = next_fault(call, number);
    if (!fault) return whole();
    Rng rng(seed_join(seed, number));
    torn(rng);
    return tl::unexpected<Error>(std::move(*fault));
  }
  /// The same for a call of which no part can be done.
  template <class Whole>
  Status perform(const Call& call, Whole whole) {
    return perform(call, whole, [](Rng& /*rng*/) {});
  }

  mutable std::mutex mutex;
  const std::uint64_t seed;
  Image image;
  std::vector<Call> log;
  std::optional<std::uint64_t> crash_at;
  bool crashed = false;
  std::map<std::uint64_t, ErrorCode> announced;  ///< By fail_call().
  std::optional<ErrorCode> failing;              ///< By fail_while().

 private:
  std::optional<Error> next_fault(const Call& call, std::uint64_t number);
};

}  // namespace troupe
