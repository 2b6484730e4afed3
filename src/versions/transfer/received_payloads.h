#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/disk.h"
#include "versions/published/catalogue.h"

namespace troupe {

/// The payloads that a receiver has of one policy: FOLDER/POLICY/ in the layout of published
/// versions, so that PublishedFolder reads it and others can pull from it. A payload that is on its
/// way lies beside them as .NAME.DIGEST.part.
///
/// Nothing is synced but the head file: what a crash of the machine took is found by the digests,
/// before the first use in a process, and fetched again. Used by one thread at a time; one receiver
/// in a folder.
class ReceivedPayloads {
 public:
  ReceivedPayloads(Disk& disk, std::string folder, std::string policy)
      : disk_(disk), folder_(std::move(folder)), policy_(std::move(policy)) {}
  [[nodiscard]] Disk& disk() const { return disk_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const std::string& policy() const { return policy_; }

  /// Whether the payload is there with the right digest; one that has another is removed.
  bool has(const PayloadEntry& payload);
  /// Looks at their bytes again when has() is asked next.
  void doubt() { good_.clear(); }

  /// A payload on its way.
  struct Download {
    PayloadEntry payload;
    std::string path;
    std::uint64_t bytes = 0;           ///< that are there
    std::unique_ptr<Digest> digest{};  ///< of them
  };
  /// Goes on behind what an earlier attempt left, in this process or another.
  Result<Download> begin(const PayloadEntry& payload);
  /// kIo if there come more bytes than the payload has; errors of the disk.
  Status append(Download& download, std::string_view bytes);
  /// Gives the whole payload its name. kUnavailable if its digest is wrong: it is removed, to be
  /// fetched again.
  Status finish(Download& download);

  /// Makes what is there of the catalogue, and nothing else, what the folder offers, with its head.
  Status publish(const Catalogue& catalogue);

 private:
  [[nodiscard]] std::string place() const { return folder_ + "/" + policy_; }

  Disk& disk_;
  const std::string folder_, policy_;
  std::map<std::string, std::string> good_;  ///< digests by name
  std::string head_;                         ///< what publish() wrote last
};

}  // namespace troupe
