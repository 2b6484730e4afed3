#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/disk_layer.h"

namespace troupe {

/// One file of a checkpoint, as its state.json records it.
struct CheckpointFile {
  std::uint64_t bytes = 0;
  std::string digest;   ///< XXH3, 128 bits, of its content: 32 hexadecimal digits
  bool linked = false;  ///< nothing was written: an earlier checkpoint, or this one, had it
};

/// The files of a checkpoint by their path in its folder, state.json left out.
using CheckpointFiles = std::map<std::string, CheckpointFile>;

/// Where files lie whose content is known to be good, since this process wrote or checked them: by
/// digest and size.
class KnownFiles {
 public:
  /// Empty if there is none.
  [[nodiscard]] std::string find(const CheckpointFile& file) const;
  /// A file of that content lies at `path`. The newest place counts: it stays longest.
  void add(const CheckpointFile& file, std::string path);
  /// All files of a checkpoint that lies at `place`.
  void add_all(const CheckpointFiles& files, const std::string& place);
  /// What lay below `folder` is gone.
  void forget(const std::string& folder);

 private:
  std::map<std::pair<std::string, std::uint64_t>, std::string> places_;
};

/// The disk on which a checkpoint's files are written: remembers what went into `folder`, and makes
/// a link of every file that is known already or that was written before, if it is to be durable.
/// Where that does not succeed, because the file system has no links or the other file is gone, the
/// file is written. Not thread-safe.
class CheckpointDraft final : public DiskLayer {
 public:
  CheckpointDraft(Disk& below, std::string folder, const KnownFiles& known)
      : DiskLayer(below), folder_(std::move(folder) + "/"), known_(known) {}

  Status write(const std::string& path, std::string_view bytes, bool durable) override;

  [[nodiscard]] const CheckpointFiles& files() const { return files_; }

 private:
  std::string folder_;
  const KnownFiles& known_;
  KnownFiles here_;
  CheckpointFiles files_;
};

/// Reads every file and compares it with the record; kInvalid names the first that is missing or
/// another, and `recorded_in`.
Status check_files(Disk& disk, const std::string& place, const CheckpointFiles& files,
                   const std::string& recorded_in);

}  // namespace troupe
