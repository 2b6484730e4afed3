#include "base/process_tree.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace troupe {
namespace {

std::vector<int> threads_of(int pid) {
  std::vector<int> out;
  std::error_code error;
  auto it = std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error);
  for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    out.push_back(std::atoi(it->path().filename().c_str()));
  }
  return out;
}

}  // namespace

TreeUsage tree_usage(int root) {
  static const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  TreeUsage usage;
  std::vector<int> left = {root};
  while (!left.empty()) {
    const int pid = left.back();
    left.pop_back();
    const std::vector<int> threads = threads_of(pid);
    if (threads.empty()) continue;  // it ended
    ++usage.processes;
    usage.threads += static_cast<int>(threads.size());
    std::uint64_t size = 0, resident = 0, shared = 0;
    std::ifstream memory(fmt::format("/proc/{}/statm", pid));
    if (memory >> size >> resident >> shared) {
      usage.resident_bytes += (resident - std::min(shared, resident)) * page;
    }
    for (const int id : threads) {
      const std::string thread = fmt::format("/proc/{}/task/{}", pid, id);
      double ran = 0, starved = 0;  // nanoseconds; absent on kernels without schedstat
      std::ifstream schedule(thread + "/schedstat");
      if (schedule >> ran >> starved) {
        usage.cpu_seconds += ran * 1e-9;
        usage.starved_seconds[id] = starved * 1e-9;
      }
      std::ifstream children(thread + "/children");
      for (int child = 0; children >> child;) left.push_back(child);
    }
  }
  return usage;
}

}  // namespace troupe
