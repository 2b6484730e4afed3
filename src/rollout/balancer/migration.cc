#include "rollout/balancer/migration.h"

#include <algorithm>

namespace troupe {

std::vector<SessionMove> rebalance(std::vector<double> work, std::span<const SessionLoad> sessions,
                                   double decode_rate, double prefill_rate,
                                   const MigrationLimits& limits) {
  std::vector<SessionMove> moves;
  std::vector<std::vector<const SessionLoad*>> young(work.size());
  for (const SessionLoad& s : sessions) {
    if (s.context <= limits.young) young[static_cast<std::size_t>(s.instance)].push_back(&s);
  }
  while (static_cast<int>(moves.size()) < limits.moves) {
    // Instances with nothing to give are passed over; they can still be given to.
    std::size_t from = work.size();
    std::size_t to = 0;
    for (std::size_t i = 0; i < work.size(); ++i) {
      if (work[i] < work[to]) to = i;
      if (!young[i].empty() && (from == work.size() || work[i] > work[from])) from = i;
    }
    if (from == work.size()) break;
    const SessionLoad* best = nullptr;
    double best_gain = 0;
    for (const SessionLoad* s : young[from]) {
      const double prefill = s->context / prefill_rate;  // seconds
      const double later = std::max((work[from] - s->left) / decode_rate,
                                    (work[to] + s->left) / decode_rate + prefill);
      const double gain = work[from] / decode_rate - later - prefill;
      if (gain > best_gain) best = s, best_gain = gain;
    }
    if (best == nullptr) {
      young[from].clear();
      continue;
    }
    std::erase(young[from], best);
    work[from] -= best->left;
    work[to] += best->left + best->context / prefill_rate * decode_rate;
    moves.push_back(SessionMove{best->session, static_cast<int>(from), static_cast<int>(to)});
  }
  return moves;
}

}  // namespace troupe
