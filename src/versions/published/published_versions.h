#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/executor.h"
#include "versions/published/published_folder.h"
#include "versions/published/retention.h"

namespace troupe {

/// What publishing a version wrote.
struct Publication {
  StateId id;
  std::uint64_t changed = 0;       ///< values whose bits differ from the version before; all of
                                   ///< them if there is none
  std::uint64_t values = 0;        ///< that the policy has
  std::uint64_t delta_bytes = 0;   ///< 0: there was no version before it
  std::uint64_t anchor_bytes = 0;  ///< 0: no anchor was due
  std::uint64_t full_bytes = 0;    ///< of the plain values
};

/// Holds a version in the store for as long as it lives. Any thread may give it up.
using VersionUse = std::shared_ptr<const StateId>;

/// The published versions of one policy, for writing: FOLDER/POLICY/ with a payload for each step
/// from a version to the next (docs/formats/delta.md), now and then an anchor beside it, and a head
/// file that names them (docs/versions.md).
///
/// A version is immutable. It is there for readers once the head file, which is replaced in one
/// piece after its payloads are durable, names it; only then does the copy that the next delta is
/// encoded against, the shadow, move on (as in PULSE, arXiv 2602.03839: the producer commits after
/// the publication, or rolls back). So after any failure the next delta begins at the last version
/// that readers can have, and after a crash at any point a new store finds the head before or after
/// it, never half of it.
///
/// Calls block and must not overlap; readers (PublishedFolder) may read meanwhile. There is one
/// writer of a folder. Holds the shadow: as many bytes as the policy's weights in its dtype.
class PublishedVersions {
 public:
  struct Setting {
    std::string folder;  ///< of all policies
    std::string policy;
    std::int64_t anchor_every = 20;  ///< versions
    RetentionLimits limits = {};
  };

  /// Opens what is there: removes what a crash left behind and puts the head's weights together
  /// again as the shadow. If its payloads are damaged, note() says so, and the next version is an
  /// anchor that nothing before it is needed for. kInvalid: the head file is damaged.
  static Result<std::unique_ptr<PublishedVersions>> open(Disk& disk, Setting setting);

  /// Publishes a version behind the head: of a later incarnation, or of the same one with a higher
  /// number; otherwise kInvalid, as for other tensors than those of the version before. An anchor
  /// is written beside the delta if there is no version before it, after every `anchor_every`
  /// versions, if the deltas since the last one weigh more than it, or if asked for. After kNoSpace
  /// or kIo nothing is published; it may be tried again.
  Result<Publication> publish(std::int64_t incarnation, std::int64_t number,
                              std::shared_ptr<const StateCopy> now, bool anchor = false);

  /// Makes a kept version's weights the head of a new incarnation, with the same number. Versions
  /// behind it in its own incarnation are a lost timeline: whoever holds one gets a delta back.
  /// kNotFound if the version is not kept.
  Result<Publication> rollback(const StateId& version);

  /// Retention leaves the version alone while the result lives. kNotFound if it is gone already.
  Result<VersionUse> use(const StateId& version);

  /// `told` hears each version on the executor's strand after it was published.
  void subscribe(Executor& executor, std::function<void(const StateId&)> told) {
    subscribers_.push_back({&executor, std::move(told)});
  }

  [[nodiscard]] const Catalogue& catalogue() const { return catalogue_; }
  [[nodiscard]] bool empty() const { return catalogue_.payloads.empty(); }
  /// What the head's bits are; null if nothing is published.
  [[nodiscard]] const std::shared_ptr<const StateCopy>& shadow() const { return shadow_; }
  /// What opening found amiss, for a person; "": nothing.
  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  struct Subscriber {
    Executor* executor;
    std::function<void(const StateId&)> told;
  };
  struct Draft {
    PayloadEntry entry;
    std::string bytes;
  };

  PublishedVersions(Disk& disk, Setting setting);
  [[nodiscard]] std::string place() const { return setting_.folder + "/" + setting_.policy; }
  [[nodiscard]] bool anchor_due() const;
  Status recover();
  Status settle();
  Status write(const std::vector<Draft>& drafts);
  void sweep();
  std::vector<StateId> in_use();

  Disk& disk_;
  Setting setting_;
  Catalogue catalogue_;
  std::shared_ptr<const StateCopy> shadow_;
  bool unsure_ = false;  ///< the head file may be another than catalogue_
  std::vector<std::weak_ptr<const StateId>> uses_;
  std::vector<Subscriber> subscribers_;
  std::string note_;
};

}  // namespace troupe
