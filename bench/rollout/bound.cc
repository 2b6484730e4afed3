#include "rollout/bound.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace troupe::bench {
namespace {

/// What a chain, or many of them, need, in seconds but for the counts.
enum Need { kDecoded, kMarginal, kRoots, kPrefill, kPrefillWaits, kRequests, kNeeds };
using Needs = std::array<double, kNeeds>;

Needs needs_of(const Chain& chain, const CostModel& cost) {
  Needs out = {};
  walk(chain, [&](const ChainTurn& turn, std::int64_t context, std::int64_t feed) {
    out[kPrefill] += cost.prefill_per_token * static_cast<double>(feed);
    out[kPrefillWaits] += cost.prefill(feed);
    ++out[kRequests];
    for (int k = 1; k < turn.answer; ++k) {
      const double m = cost.decode_per_sequence +
                       cost.decode_per_context_token * static_cast<double>(context + k);
      out[kMarginal] += m;
      out[kRoots] += std::sqrt(m);
    }
    out[kDecoded] += turn.answer - 1;
  });
  return out;
}

/// Bound::shared of what is needed in all.
double shared(const Needs& n, const EmulatedOptions& emulated, double instances, double in_flight) {
  const double base = emulated.cost.decode_base;
  const auto of_instances = [&](double steps) {
    return (steps * base + n[kMarginal] + n[kPrefill]) / instances;
  };
  const auto of_requests = [&](double steps) {
    return (n[kDecoded] * base + n[kRoots] * n[kRoots] / steps + n[kPrefillWaits]) / in_flight;
  };
  // One rises with the steps and the other falls: the least maximum is where they meet.
  double few = std::max(1.0, n[kDecoded] / static_cast<double>(emulated.max_batch));
  double many = std::max(few, n[kDecoded]);
  if (of_instances(many) < of_requests(many)) return of_requests(many);
  for (int i = 0; i < 60; ++i) {
    const double middle = (few + many) / 2;
    (of_instances(middle) < of_requests(middle) ? few : many) = middle;
  }
  return of_instances(few);
}

}  // namespace

double Bound::seconds() const { return std::max({longest, shared, order}); }

Bound least_seconds(const Work& work, const EmulatedOptions& emulated, int instances) {
  constexpr std::size_t kLooks = 64;  // chains between two prefixes that are sorted, of all: 1 / 64
  Bound out;
  const auto cost_of = [&emulated](int) -> const CostModel& { return emulated.cost; };
  std::vector<Needs> needs;
  Needs all = {};
  for (const Chain& chain : work.chains) {
    needs.push_back(needs_of(chain, emulated.cost));
    for (std::size_t i = 0; i < kNeeds; ++i) all[i] += needs.back()[i];
    out.longest = std::max(out.longest, alone_seconds(chain, cost_of));
  }
  const double room = std::floor(static_cast<double>(emulated.kv_tokens) / work.max_context);
  const double in_flight = std::min<double>(work.in_flight, instances * room);
  out.shared = shared(all, emulated, instances, in_flight);
  const std::size_t stride = std::max<std::size_t>(1, needs.size() / kLooks);
  for (std::size_t first = 0; first < needs.size(); first += stride) {
    // Of chains first to first + stride the begin of the first counts: it is the earliest.
    Needs ended = {};
    const auto begun = static_cast<std::size_t>(work.in_flight);
    if (first + 1 > begun) {
      for (std::size_t i = 0; i < kNeeds; ++i) {
        std::vector<double> each;
        for (std::size_t c = 0; c < first; ++c) each.push_back(needs[c][i]);
        std::sort(each.begin(), each.end());
        for (std::size_t c = 0; c < first + 1 - begun; ++c) ended[i] += each[c];
      }
    }
    const double begin = first + 1 > begun ? shared(ended, emulated, instances, in_flight) : 0;
    for (std::size_t c = first; c < std::min(first + stride, needs.size()); ++c) {
      out.order = std::max(out.order, begin + alone_seconds(work.chains[c], cost_of));
    }
  }
  out.even = (all[kDecoded] * instances / in_flight * emulated.cost.decode_base + all[kMarginal] +
              all[kPrefill] + all[kRequests] * emulated.cost.prefill_base) /
             instances;
  return out;
}

}  // namespace troupe::bench
