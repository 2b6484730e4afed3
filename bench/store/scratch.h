#pragma once

#include <cstdint>
#include <string>

#include "troupe/result.h"

namespace troupe::bench {

/// A folder of our own inside another one, removed with all that is in it when this object goes.
class Scratch {
 public:
  /// kNoSpace if fewer than `need` bytes are free there.
  static Result<Scratch> make(const std::string& parent, std::uint64_t need);
  ~Scratch();
  Scratch(Scratch&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  Scratch& operator=(Scratch&&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The kind of file system that it lies on, as /proc/mounts names it.
  [[nodiscard]] std::string file_system() const;
  /// Makes an empty folder in it.
  Result<std::string> fresh(const std::string& name);
  /// Removes it again and waits until the file system has written all it holds, so that the next
  /// measurement does not pay for this one.
  void clear(const std::string& folder);

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace troupe::bench
