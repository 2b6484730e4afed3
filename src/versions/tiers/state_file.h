#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "troupe/result.h"
#include "versions/tiers/state_bytes.h"

namespace troupe {

/// One training state on disk: its bytes in whole pages of 4096, then a page that closes the file.
/// Little-endian, offsets into that page:
///
///   0     "TRPTIER1"
///   8     u64  size of the state in bytes
///   16    32 hexadecimal digits, XXH3 (128 bits) of those bytes
///   48    u32  length of the key, and the key
///   ...   zeros
///   4088  u64  XXH3 of the page up to here
///
/// A state's file is KEY.VERSION.state; versions of a key count up. A new one is written under
/// another name and renamed when it is durable, and only then the older one goes, so that a crash
/// leaves the old state or the new. An older file becomes the folder's spare one, whose blocks the
/// next state takes. All functions block.
struct StateFile {
  std::string key;
  std::uint64_t version = 0;
  std::uint64_t size = 0;  ///< of the state
};

/// Bytes on disk of a state of `size` bytes.
std::uint64_t state_file_bytes(std::uint64_t size);

/// kInvalid: a key that is empty or too long for a file's name.
Status check_state_key(const std::string& key);

/// A state on its way to disk: atomically and durably. write() and digest() may run beside each
/// other; finish() comes after both. Two of one folder must not overlap. Borrows disk and state.
class StateWriter {
 public:
  /// As `file`, and in place of version `older` of its key (0: none). `spare`: there is a spare
  /// file.
  StateWriter(Disk& disk, std::string folder, StateFile file, std::uint64_t older, bool spare,
              const StateBytes& state);
  void write();
  void digest();
  /// kNoSpace, with folder and bytes: what was there stays, but for a spare file.
  Status finish();
  /// After a finish() that went well: the older version is now the spare file.
  [[nodiscard]] bool left_spare() const { return left_spare_; }

 private:
  Status close();

  Disk& disk_;
  std::string folder_;
  StateFile state_file_;
  std::uint64_t older_;
  bool spare_;
  const StateBytes& state_;
  std::string draft_;
  std::unique_ptr<AppendFile> file_;
  Status written_;
  std::string digest_;
  bool left_spare_ = false;
};

/// Fills `into`, whose size is the state's, and checks it. kIo: damaged.
Status read_state(Disk& disk, const std::string& folder, const StateFile& file, StateBytes& into);

/// Removes all versions of a state durably; absent is success.
Status remove_state(Disk& disk, const std::string& folder, const std::string& key);

/// Makes the folder if there is none, removes what a crash left half written or outdated, and gives
/// the last version of each state in it.
Result<std::vector<StateFile>> open_state_folder(Disk& disk, const std::string& folder);

}  // namespace troupe
