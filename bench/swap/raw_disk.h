#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "troupe/result.h"

namespace troupe::bench {

/// A file that is overwritten and read in place with O_DIRECT, kBlockBytes a call, one thread for
/// each of kBlockDepth blocks under way: what the disk can do without us. Nothing of Troupe's own
/// I/O is in it.
class RawFile {
 public:
  /// `bytes`, whole pages, is what it holds at first, on the medium. `direct()` is false where the
  /// file system has no O_DIRECT.
  static Result<RawFile> make(const std::string& path, std::span<char> bytes);
  RawFile(RawFile&& other) noexcept;
  RawFile& operator=(RawFile&&) = delete;
  ~RawFile();

  /// All of `bytes`, and a sync.
  Status write(std::span<char> bytes) const;
  Status read(std::span<char> bytes) const;
  [[nodiscard]] bool direct() const { return direct_; }

 private:
  RawFile(int descriptor, bool direct) : descriptor_(descriptor), direct_(direct) {}
  int descriptor_;
  bool direct_;
};

}  // namespace troupe::bench
