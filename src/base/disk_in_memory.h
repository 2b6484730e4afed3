#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "troupe/result.h"

/// What the disks in memory share: how paths are spelled and what their errors say. "" is the root
/// of relative paths and "/" that of absolute ones; both always exist.
namespace troupe::in_memory {

/// Without "." parts, doubled and trailing slashes.
inline std::string normal(const std::string& path) {
  std::string out = path.starts_with('/') ? "/" : "";
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (!out.empty() && out != "/") out += '/';
    out += part;
  }
  return out;
}

// What follows takes normal paths.

inline std::string parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// The last part; all of a path without a slash.
inline std::string leaf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

inline bool is_root(const std::string& path) { return path.empty() || path == "/"; }

/// Whether `path` lies below `folder`, at any depth.
inline bool below(const std::string& path, const std::string& folder) {
  if (folder.empty()) return !path.starts_with('/');
  return path.starts_with(folder == "/" ? folder : folder + '/');
}

inline tl::unexpected<Error> absent(const std::string& path) {
  return fail(ErrorCode::kNotFound, fmt::format("{}: No such file or directory", path));
}

/// The error of a call that was made to fail; `call` such as "append to runs/a/journal".
inline Error injected(ErrorCode code, const std::string& call) {
  const bool full = code == ErrorCode::kNoSpace;
  return {code,
          fmt::format("cannot {}: {}", call,
                      full ? "No space left on device; free some space or choose another folder"
                           : "injected fault")};
}

}  // namespace troupe::in_memory
