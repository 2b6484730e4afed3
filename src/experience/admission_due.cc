#include "experience/admission_due.h"

#include <algorithm>

namespace troupe {
namespace {

/// The groups in order of urgency.
std::vector<OutstandingGroup> by_urgency(std::span<const OutstandingGroup> groups) {
  std::vector<OutstandingGroup> out(groups.begin(), groups.end());
  std::sort(out.begin(), out.end(), [](const OutstandingGroup& a, const OutstandingGroup& b) {
    return a.oldest_version != b.oldest_version ? a.oldest_version < b.oldest_version
                                                : a.key < b.key;
  });
  return out;
}

/// How many groups of the front have a common deadline for which there are too few places, and by
/// how many they are too many. {0, 0}: all fit.
struct Crowd {
  std::size_t groups = 0;
  std::int64_t excess = 0;
};

/// `places` up to the end of the version v, `batch` more for each later one.
Crowd first_crowd(const std::vector<OutstandingGroup>& groups, std::int64_t v, std::int64_t bound,
                  std::int64_t places, std::int64_t batch) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::int64_t deadline = groups[i].oldest_version + bound;
    if (i + 1 < groups.size() && groups[i + 1].oldest_version + bound == deadline) continue;
    const std::int64_t served = deadline < v ? 0 : places + (deadline - v) * batch;
    const auto demand = static_cast<std::int64_t>(i + 1);
    if (demand > served) return {i + 1, demand - served};
  }
  return {};
}

OrderVerdict blocked(OrderAction action, const std::vector<OutstandingGroup>& groups,
                     const Crowd& crowd) {
  OrderVerdict out;
  out.action = action;
  out.excess = crowd.excess;
  for (std::size_t i = 0; i < crowd.groups; ++i) {
    out.blockers.push_back(groups[i].key);
    if (groups[i].ready && !out.take_instead) out.take_instead = groups[i].key;
  }
  return out;
}

}  // namespace

OrderVerdict may_take(const AdmissionSettings& settings, std::int64_t v, std::int64_t places_left,
                      std::span<const OutstandingGroup> outstanding, GroupKey candidate) {
  const std::int64_t bound = staleness_bound(settings);
  std::vector<OutstandingGroup> groups = by_urgency(outstanding);
  const Crowd hopeless = first_crowd(groups, v, bound, places_left, settings.batch);
  if (hopeless.groups > 0) return blocked(OrderAction::kOverdue, groups, hopeless);

  std::erase_if(groups, [&](const OutstandingGroup& g) { return g.key == candidate; });
  const Crowd crowd = first_crowd(groups, v, bound, places_left - 1, settings.batch);
  if (crowd.groups > 0) return blocked(OrderAction::kWait, groups, crowd);
  return {};
}

OrderVerdict may_step(const AdmissionSettings& settings, std::int64_t v,
                      std::span<const OutstandingGroup> outstanding) {
  const std::int64_t bound = staleness_bound(settings);
  std::vector<OutstandingGroup> groups = by_urgency(outstanding);
  const auto fine = std::find_if(groups.begin(), groups.end(), [&](const OutstandingGroup& g) {
    return g.oldest_version + bound >= v + 1;
  });
  const auto late = static_cast<std::size_t>(fine - groups.begin());
  if (late == 0) return {};
  return blocked(OrderAction::kWait, groups, {late, static_cast<std::int64_t>(late)});
}

}  // namespace troupe
