#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "experience/version.h"
#include "model/weights.h"
#include "troupe/metric.h"
#include "versions/published/options.h"
#include "versions/published/published_versions.h"

namespace troupe {

/// Publishes the versions of a run's policies beside the run: encoded and written on a worker while
/// rollout and training go on, at most one publication per policy at a time; the next one waits.
///
/// A disk that is full or fails is tried again until `disk_limit` is over; a note says so. Then,
/// and after any other error, the next begin() or finish() gives the error: the run stops rather
/// than let readers believe that an old version is current. Lives on the strand.
class Publications {
 public:
  struct Setting {
    Executor& executor;
    Disk& disk;
    VersionsOptions options;
    std::string folder;  ///< of all policies
    Nanos disk_limit = 600 * kSecond;
    std::function<void(const std::string&)> note = {};
  };
  explicit Publications(Setting setting) : s_(std::move(setting)), changed_(s_.executor) {}
  Publications(const Publications&) = delete;
  Publications& operator=(const Publications&) = delete;

  /// Opens what is published of these policies. `fresh`: the run begins, so nothing that lies there
  /// is its own.
  Async<Status> open(std::vector<std::string> policies, bool fresh);
  /// One that no published version has, nor a later one.
  [[nodiscard]] std::int64_t next_incarnation() const;

  /// Begins to publish a policy's version, and returns when the one before it is published: a wait
  /// for a disk that is slower than the steps. The bits are those that the policy computes with.
  /// Nothing to do if it is the last version that was begun.
  ///
  /// The first one is where the run begins or goes on. If the head that open() found has its number
  /// and bits, there is nothing to do. If the head is a later version, a new incarnation begins,
  /// and what follows belongs to it, or to a later one that it says: also versions of steps that a
  /// resume repeats, which the experience knows under their old incarnation.
  Async<Status> begin(std::size_t policy, Version version, std::shared_ptr<const Weights> weights,
                      Dtype dtype);
  /// Waits for the last publications. `hurry`: a disk that fails is not tried again.
  Async<Status> finish(bool hurry);

  /// What publishing the version before the last one begun took: "changed_share" (of its values,
  /// against the version before; none of the first), "payload_bytes" (the delta's, or the anchor's
  /// if there is no delta), "anchor_bytes" (if one was due), "full_bytes" (of the plain values),
  /// "seconds" (from the step's end until readers could see it). Empty: nothing was published.
  [[nodiscard]] const NamedNumbers& numbers(std::size_t policy) const {
    return lanes_[policy]->told;
  }

 private:
  struct Lane {
    std::unique_ptr<PublishedVersions> versions;
    bool known = false;      ///< how what is published goes on
    std::int64_t least = 0;  ///< incarnation that it goes on in
    bool busy = false;
    bool begun = false;
    Version last;  ///< the last one begun
    Status status;
    NamedNumbers told, fresh;
  };
  Async<void> publish(Lane& lane, Version version, std::shared_ptr<const Weights> weights,
                      Dtype dtype);
  Async<Status> wait_for(Lane& lane);

  Setting s_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  Signal changed_;
  bool hurry_ = false;
};

}  // namespace troupe
