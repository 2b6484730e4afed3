#include "orchestrate/binding/plan_binding.h"

#include <algorithm>
#include <tuple>

namespace troupe {
namespace {

using Phase = PolicyDemand::Phase;

Nanos round_trip(const PolicyDemand& p) { return p.swap_in + p.swap_out; }

/// The policies that wait, in the order in which they are bound.
std::vector<int> line(const std::vector<PolicyDemand>& policies, const BindingRule& rule,
                      Nanos now) {
  std::vector<int> out;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (policies[i].phase == Phase::kAway && policies[i].waiting > 0) {
      out.push_back(static_cast<int>(i));
    }
  }
  const auto rank = [&](int i) {
    const PolicyDemand& p = policies[static_cast<std::size_t>(i)];
    const bool late = overdue(p, rule, now);
    return std::make_tuple(!late, late ? p.waits_since : 0, p.expected, p.swap_in, p.waits_since,
                           i);
  };
  std::sort(out.begin(), out.end(), [&](int a, int b) { return rank(a) < rank(b); });
  return out;
}

/// Away, silent, and expected before a swap begun now would end, the soonest first.
std::vector<int> nearly_ready(const std::vector<PolicyDemand>& policies, Nanos now) {
  std::vector<int> out;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const PolicyDemand& p = policies[i];
    if (p.phase != Phase::kAway || p.waiting > 0 || p.expected == 0) continue;
    if (p.next_at == PolicyDemand::kNever || p.next_at - now > round_trip(p)) continue;
    out.push_back(static_cast<int>(i));
  }
  std::stable_sort(out.begin(), out.end(), [&](int a, int b) {
    return policies[static_cast<std::size_t>(a)].next_at <
           policies[static_cast<std::size_t>(b)].next_at;
  });
  return out;
}

/// Until when a policy that is bound and idle keeps its slot although others wait.
Nanos keeps_until(const PolicyDemand& p) {
  if (p.expected == 0) return p.idle_since;
  const Nanos end = p.idle_since + round_trip(p);
  const bool later = p.next_at != PolicyDemand::kNever && p.next_at > end;
  return later ? p.idle_since : end;
}

}  // namespace

bool overdue(const PolicyDemand& p, const BindingRule& rule, Nanos now) {
  return p.waiting > 0 && now - p.waits_since > std::max(rule.patience, 8 * round_trip(p));
}

BindingPlan plan_binding(const std::vector<PolicyDemand>& policies, const BindingRule& rule,
                         Nanos now) {
  BindingPlan out;
  int free = rule.slots;
  int leaving = 0;
  std::vector<int> idle;  // bound, with nothing to compute
  std::vector<int> busy;  // bound, with something
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const PolicyDemand& p = policies[i];
    if (p.phase != Phase::kAway) --free;
    if (p.phase == Phase::kLeaving) ++leaving;
    if (p.phase != Phase::kBound) continue;
    (p.running == 0 && p.waiting == 0 ? idle : busy).push_back(static_cast<int>(i));
  }
  const auto at = [&](int i) -> const PolicyDemand& {
    return policies[static_cast<std::size_t>(i)];
  };
  // Who is free to go first leaves first, the longest idle before others.
  std::sort(idle.begin(), idle.end(), [&](int a, int b) {
    return std::make_tuple(keeps_until(at(a)), at(a).idle_since, a) <
           std::make_tuple(keeps_until(at(b)), at(b).idle_since, b);
  });
  std::sort(busy.begin(), busy.end(), [&](int a, int b) {
    return std::make_tuple(at(a).bound_since, a) < std::make_tuple(at(b).bound_since, b);
  });

  std::vector<int> later;  // in line, without a slot yet
  int coming_free = leaving;
  for (const int i : line(policies, rule, now)) {
    if (free > 0) {
      --free;
      out.bind.push_back(i);
      continue;
    }
    later.push_back(i);
    if (coming_free > 0) {
      --coming_free;
      continue;
    }
    const bool late = overdue(at(i), rule, now);
    if (!late)
      out.again_at = std::min(
          out.again_at, at(i).waits_since + std::max(rule.patience, 8 * round_trip(at(i))) + 1);
    if (!idle.empty() && (late || keeps_until(at(idle.front())) <= now)) {
      out.suspend.push_back(idle.front());
      idle.erase(idle.begin());
    } else if (!idle.empty()) {
      out.again_at = std::min(out.again_at, keeps_until(at(idle.front())));
      idle.erase(idle.begin());  // its slot is this policy's, in a moment
    } else if (late && !busy.empty()) {
      const int victim = busy.front();
      busy.erase(busy.begin());
      (at(victim).running == 0 ? out.suspend : out.close).push_back(victim);
    }
  }
  for (const int i : nearly_ready(policies, now)) {
    if (free > 0) {
      --free;
      out.bind.push_back(i);
      continue;
    }
    later.push_back(i);
    if (coming_free > 0) {
      --coming_free;
    } else if (!idle.empty() && at(idle.front()).expected == 0) {
      out.suspend.push_back(idle.front());
      idle.erase(idle.begin());
    }
  }
  const auto most = static_cast<std::size_t>(std::max(rule.slots, 1));
  if (later.size() > most) later.resize(most);
  out.prefetch = std::move(later);
  return out;
}

}  // namespace troupe
