#include "experience/curation/packing.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace troupe {
namespace {

void add(Pack& pack, std::size_t item, std::int64_t tokens) {
  pack.items.push_back(item);
  pack.tokens += tokens;
}

std::int64_t longest(const std::vector<Pack>& packs) {
  std::int64_t most = 0;
  for (const Pack& pack : packs) most = std::max(most, pack.tokens);
  return most;
}

/// The items that fit at all, the longest first.
std::vector<std::size_t> decreasing(std::span<const std::int64_t> lengths, std::int64_t most) {
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return lengths[i] > most; });
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  return order;
}

/// Each item goes to the fullest pass that has room for it.
std::vector<Pack> best_fit(std::span<const std::int64_t> lengths, std::int64_t most,
                           const std::vector<std::size_t>& order) {
  std::vector<Pack> packs;
  for (std::size_t i : order) {
    Pack* best = nullptr;
    for (Pack& pack : packs) {
      if (pack.tokens + lengths[i] > most) continue;
      if (best == nullptr || pack.tokens > best->tokens) best = &pack;
    }
    if (best == nullptr) best = &packs.emplace_back();
    add(*best, i, lengths[i]);
  }
  return packs;
}

/// Each item goes to the emptiest of `count` passes. Nothing if one of them would be too long.
std::vector<Pack> spread(std::span<const std::int64_t> lengths, std::int64_t most,
                         const std::vector<std::size_t>& order, std::size_t count) {
  std::vector<Pack> packs(count);
  std::vector<std::pair<std::int64_t, std::size_t>> heap;  // tokens, pass; the least on top
  for (std::size_t i = 0; i < count; ++i) heap.emplace_back(0, i);
  for (std::size_t i : order) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    auto& [tokens, pass] = heap.back();
    if (tokens + lengths[i] > most) return {};
    tokens += lengths[i];
    add(packs[pass], i, lengths[i]);
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  }
  return packs;
}

}  // namespace

std::vector<Pack> pack_in_order(std::span<const std::int64_t> lengths, std::int64_t most) {
  std::vector<Pack> packs;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (packs.empty() || packs.back().tokens + lengths[i] > most) packs.emplace_back();
    add(packs.back(), i, lengths[i]);
  }
  return packs;
}

std::vector<Pack> pack_balanced(std::span<const std::int64_t> lengths, std::int64_t most) {
  const std::vector<std::size_t> order = decreasing(lengths, most);
  std::vector<Pack> too_long;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] > most) add(too_long.emplace_back(), i, lengths[i]);
  }
  std::vector<Pack> best = pack_in_order(lengths, most);
  const auto offer = [&](std::vector<Pack> packs) {
    packs.insert(packs.end(), too_long.begin(), too_long.end());
    const bool fewer = packs.size() < best.size();
    const bool shorter = packs.size() == best.size() && longest(packs) <= longest(best);
    if (fewer || shorter) best = std::move(packs);
  };
  offer(best_fit(lengths, most, order));
  std::vector<Pack> even = spread(lengths, most, order, best.size() - too_long.size());
  if (!even.empty()) offer(std::move(even));

  for (Pack& pack : best) std::sort(pack.items.begin(), pack.items.end());
  std::erase_if(best, [](const Pack& pack) { return pack.items.empty(); });
  std::sort(best.begin(), best.end(),
            [](const Pack& a, const Pack& b) { return a.items.front() < b.items.front(); });
  return best;
}

}  // namespace troupe
