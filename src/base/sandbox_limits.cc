#include "base/sandbox_limits.h"

#include <utility>

namespace troupe {

const char* limit_name(SandboxLimit limit) {
  switch (limit) {
    case SandboxLimit::kNone:
      return "none";
    case SandboxLimit::kTime:
      return "time";
    case SandboxLimit::kMemory:
      return "memory";
    case SandboxLimit::kThreads:
      return "processes";
    case SandboxLimit::kOutput:
      return "output";
    case SandboxLimit::kSpace:
      return "space";
    case SandboxLimit::kExit:
      return "exit";
    case SandboxLimit::kNetwork:
      return "network";
    case SandboxLimit::kFiles:
      return "files";
  }
  return "none";
}

SandboxLimit refused_by(std::string_view errors) {
  static constexpr std::pair<std::string_view, SandboxLimit> kMessages[] = {
      {"Network is unreachable", SandboxLimit::kNetwork},
      {"Temporary failure in name resolution", SandboxLimit::kNetwork},
      {"Name or service not known", SandboxLimit::kNetwork},
      {"Could not resolve host", SandboxLimit::kNetwork},
      {"Read-only file system", SandboxLimit::kFiles},
      {"Permission denied", SandboxLimit::kFiles},
      {"Operation not permitted", SandboxLimit::kFiles},
      {"Cannot fork", SandboxLimit::kThreads},  // as dash says it
      {"Resource temporarily unavailable", SandboxLimit::kThreads},
      {"No space left on device", SandboxLimit::kSpace},
      {"File size limit exceeded", SandboxLimit::kSpace},
  };
  std::size_t last = 0;
  SandboxLimit out = SandboxLimit::kNone;
  for (const auto& [message, limit] : kMessages) {
    const std::size_t at = errors.rfind(message);
    if (at == std::string_view::npos || (out != SandboxLimit::kNone && at < last)) continue;
    last = at;
    out = limit;
  }
  return out;
}

}  // namespace troupe
