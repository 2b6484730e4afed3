#include "experience/curation/keep_success.h"

#include <limits>
#include <map>
#include <utility>

namespace troupe {
namespace {

using Age = std::pair<std::int64_t, std::int64_t>;  ///< incarnation, number

Age oldest_version(const Trajectory& row) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  Age oldest{kMost, kMost};
  for (const Segment& segment : row.segments) {
    if (!segment.sampled) continue;
    oldest = std::min(oldest, Age{segment.version.incarnation, segment.version.number});
  }
  return oldest;
}

}  // namespace

std::optional<Replacement> keep_success(const std::vector<Trajectory>& rows,
                                        const std::optional<PastSuccess>& past) {
  if (!past) return std::nullopt;
  std::map<int, Age> members;
  for (const Trajectory& row : rows) {
    if (row.success) return std::nullopt;
    const auto [at, added] = members.try_emplace(row.member, oldest_version(row));
    if (!added) at->second = std::min(at->second, oldest_version(row));
  }
  const std::pair<const int, Age>* out = nullptr;
  for (const auto& member : members) {
    if (out == nullptr || member.second < out->second) out = &member;
  }
  if (out == nullptr) return std::nullopt;
  return Replacement{out->first, *past};
}

}  // namespace troupe
