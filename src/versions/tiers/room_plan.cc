#include "versions/tiers/room_plan.h"

#include <algorithm>
#include <numeric>

namespace troupe {
namespace {

using Indices = std::vector<std::size_t>;

/// Residents, first who leaves first.
Indices leaving_order(const RoomView& view) {
  Indices order(view.residents.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto& x = view.residents[a];
    const auto& y = view.residents[b];
    return x.needed != y.needed ? x.needed > y.needed : x.last_use < y.last_use;
  });
  return order;
}

/// The first of `order` that free `need` bytes, without those that the rest makes needless; gives
/// the bytes they free, less than `need` if all of them are not enough.
std::uint64_t choose(const RoomView& view, const Indices& order, std::uint64_t need,
                     Indices& chosen) {
  std::uint64_t freed = 0;
  for (const std::size_t i : order) {
    if (freed >= need) break;
    chosen.push_back(i);
    freed += view.residents[i].size;
  }
  if (freed < need) return freed;
  for (std::size_t i = chosen.size(); i-- > 0;) {
    const std::uint64_t size = view.residents[chosen[i]].size;
    if (freed - size < need) continue;
    freed -= size;
    chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return freed;
}

}  // namespace

RoomPlan plan_room(const RoomView& view) {
  RoomPlan plan;
  if (view.demands.empty() && view.prefetches.empty()) return plan;
  Indices order = leaving_order(view);
  const std::uint64_t free = view.budget - std::min(view.budget, view.used);
  std::uint64_t reach = free + view.leaving;  // what could be free for those not yet served
  for (const auto& resident : view.residents) reach += resident.size;

  std::uint64_t now = free;  // free and promised to nobody
  std::uint64_t promised = 0;
  for (std::size_t i = 0; i < view.demands.size(); ++i) {
    const std::uint64_t size = view.demands[i];
    if (size > reach) continue;
    reach -= size;
    promised += size;
    if (size <= now) plan.grants.push_back(i);
    now -= std::min(now, size);
  }
  std::uint64_t soon = free + view.leaving;  // free when all that leaves has gone, and not promised
  if (promised > soon) soon += choose(view, order, promised - soon, plan.evictions);
  soon -= promised;

  Indices sooner(view.prefetches.size());
  std::iota(sooner.begin(), sooner.end(), 0);
  std::stable_sort(sooner.begin(), sooner.end(), [&](std::size_t a, std::size_t b) {
    return view.prefetches[a].needed < view.prefetches[b].needed;
  });
  for (const std::size_t i : sooner) {
    const auto& wish = view.prefetches[i];
    if (wish.size > soon) {
      Indices later;
      std::copy_if(order.begin(), order.end(), std::back_inserter(later), [&](std::size_t r) {
        return view.residents[r].needed > wish.needed &&
               std::find(plan.evictions.begin(), plan.evictions.end(), r) == plan.evictions.end();
      });
      Indices chosen;
      const std::uint64_t freed = choose(view, later, wish.size - soon, chosen);
      if (freed < wish.size - soon) continue;
      plan.evictions.insert(plan.evictions.end(), chosen.begin(), chosen.end());
      soon += freed;
    }
    soon -= wish.size;
    if (wish.size <= now) plan.prefetches.push_back(i);
    now -= std::min(now, wish.size);
  }
  return plan;
}

}  // namespace troupe
