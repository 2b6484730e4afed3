#include "versions/published/retention.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace troupe {
namespace {

auto order_of(const StateId& id) { return std::pair(id.incarnation, id.number); }

/// The payloads of versions from `first` on, and those that the used ones before it need.
std::vector<PayloadEntry> from_version(const Catalogue& catalogue, const StateId& first,
                                       const std::vector<StateId>& used) {
  std::set<std::string> needed;
  for (const StateId& id : used) {
    if (order_of(id) >= order_of(first)) continue;
    Catalogue past = catalogue;
    past.head = id;
    const auto path = plan_path(past, nullptr);
    if (!path) continue;  // gone already
    for (const PayloadEntry& payload : *path) needed.insert(payload.name);
  }
  std::vector<PayloadEntry> out;
  for (const PayloadEntry& payload : catalogue.payloads) {
    if (order_of(payload.target) >= order_of(first) || needed.contains(payload.name)) {
      out.push_back(payload);
    }
  }
  return out;
}

std::uint64_t bytes_of(const std::vector<PayloadEntry>& payloads) {
  std::uint64_t out = 0;
  for (const PayloadEntry& payload : payloads) out += payload.bytes;
  return out;
}

}  // namespace

std::vector<StateId> versions_of(const std::vector<PayloadEntry>& payloads) {
  std::vector<StateId> out;
  for (const PayloadEntry& payload : payloads) {
    if (out.empty() || !(out.back() == payload.target)) out.push_back(payload.target);
  }
  return out;
}

std::vector<PayloadEntry> retained(const Catalogue& catalogue, const RetentionLimits& limits,
                                   const std::vector<StateId>& used) {
  const std::vector<StateId> versions = versions_of(catalogue.payloads);
  const auto count = static_cast<std::int64_t>(versions.size());
  const auto has_anchor = [&](const StateId& id) {
    return std::any_of(catalogue.payloads.begin(), catalogue.payloads.end(),
                       [&](const PayloadEntry& p) { return !p.base && p.target == id; });
  };
  // Where the versions that stay may begin, oldest first.
  std::vector<std::int64_t> cuts;
  for (std::int64_t i = 0; i < count; ++i) {
    if (has_anchor(versions[static_cast<std::size_t>(i)])) cuts.push_back(i);
  }
  if (cuts.empty()) return catalogue.payloads;
  std::size_t cut = 0;
  while (cut + 1 < cuts.size() && cuts[cut + 1] <= count - limits.versions) ++cut;
  for (;; ++cut) {
    auto out = from_version(catalogue, versions[static_cast<std::size_t>(cuts[cut])], used);
    if (limits.bytes == 0 || bytes_of(out) <= limits.bytes || cut + 1 == cuts.size()) return out;
  }
}

}  // namespace troupe
