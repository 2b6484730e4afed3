#pragma once

#include <cstdint>
#include <map>

namespace troupe {

/// What a process and all its descendants use at this moment.
struct TreeUsage {
  int processes = 0;  ///< with the root
  int threads = 0;    ///< of all of them
  std::uint64_t resident_bytes =
      0;  ///< without files and shared memory; pages that a fork shares count twice
  double cpu_seconds = 0;  ///< of all threads
  /// Of each thread, by its id: how long it was ready to run but had no processor.
  std::map<int, double> starved_seconds;
};

/// Reads /proc; what ended meanwhile counts as nothing. Descendants are what the kernel says they
/// are: a process whose parent ended belongs to whoever took it over, inside a process namespace
/// its first process, so that nothing leaves the tree of one.
TreeUsage tree_usage(int root);

}  // namespace troupe
