#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "versions/published/catalogue.h"

namespace troupe {
namespace {

using Key = std::tuple<std::int64_t, std::int64_t, std::string>;

Key key_of(const StateId& id) { return {id.incarnation, id.number, id.digest}; }

/// The cheapest way found so far to a version: its bytes, its payloads, and the last of those.
struct Way {
  std::uint64_t bytes = 0;
  std::uint64_t payloads = 0;
  const PayloadEntry* last = nullptr;  ///< null: nothing to apply
  [[nodiscard]] bool less(const Way& other) const {
    return std::pair(bytes, payloads) < std::pair(other.bytes, other.payloads);
  }
};

/// apply_delta() refuses an anchor of a version before the held one.
bool anchor_fits(const StateId& target, const StateId* held) {
  return held == nullptr ||
         std::pair(target.incarnation, target.number) >= std::pair(held->incarnation, held->number);
}

}  // namespace

Result<std::vector<PayloadEntry>> plan_path(const Catalogue& catalogue, const StateId* held) {
  if (held != nullptr && held->digest.empty()) held = nullptr;
  std::map<Key, Way> ways;
  if (held != nullptr) ways[key_of(*held)] = {};
  // Payloads in the order of their targets need one round; whoever sent others costs more rounds.
  for (bool better = true; better;) {
    better = false;
    for (const PayloadEntry& payload : catalogue.payloads) {
      Way way{payload.bytes, 1, &payload};
      if (payload.base) {
        const auto before = ways.find(key_of(*payload.base));
        if (before == ways.end()) continue;
        way.bytes += before->second.bytes;
        way.payloads += before->second.payloads;
      } else if (!anchor_fits(payload.target, held)) {
        continue;
      }
      const auto [found, fresh] = ways.try_emplace(key_of(payload.target), way);
      if (!fresh && !way.less(found->second)) continue;
      found->second = way;
      better = true;
    }
  }
  const auto end = ways.find(key_of(catalogue.head));
  if (end == ways.end()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("policy {}: no published payloads lead {} to {}", catalogue.policy,
                            held == nullptr ? std::string("a receiver with nothing")
                                            : "from " + held->text(),
                            catalogue.head.text()));
  }
  std::vector<PayloadEntry> path;
  for (const Way* at = &end->second; at->last != nullptr;) {
    path.push_back(*at->last);
    if (!at->last->base) break;
    at = &ways.at(key_of(*at->last->base));
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace troupe
