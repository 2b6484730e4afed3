#include "rollout/work.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "simulate/workload/draws.h"

namespace troupe::bench {
namespace {

constexpr int kGroup = 8;  // chains of a task

// Of a team.
constexpr int kTurns = 6;
constexpr int kPrompt = 400;
constexpr int kObservation = 100;
constexpr int kLongest = 1500;
constexpr int kPhases = 4;

int tokens(double drawn, int longest) { return std::clamp(static_cast<int>(drawn), 1, longest); }

}  // namespace

std::vector<double> Work::tokens_by_policy() const {
  std::vector<double> out(static_cast<std::size_t>(policies), 0.0);
  for (const Chain& chain : chains) {
    for (const ChainTurn& turn : chain.turns) {
      out[static_cast<std::size_t>(turn.policy)] += turn.answer;
    }
  }
  return out;
}

std::size_t Work::turns() const {
  std::size_t out = 0;
  for (const Chain& chain : chains) out += chain.turns.size();
  return out;
}

Work team_work(const TeamShape& shape) {
  Work work;
  work.policies = shape.policies;
  work.in_flight = shape.in_flight;
  work.max_context = kPrompt + kTurns * (kLongest + kObservation);
  std::vector<double> medians;
  Rng of_policies(seed_join(shape.seed, "policies"));
  for (int p = 0; p < shape.policies; ++p) medians.push_back(log_normal(of_policies, 250, 0.3));
  for (int c = 0; c < shape.chains; ++c) {
    const int phase = static_cast<int>(static_cast<std::int64_t>(c) * kPhases / shape.chains);
    Chain chain;
    chain.task = std::to_string(c / kGroup);
    Rng of_task(seed_join(seed_join(shape.seed, "task"), chain.task));
    const double factor = log_normal(of_task, 1, 0.4);
    Rng rng(seed_join(seed_join(shape.seed, "chain"), static_cast<std::uint64_t>(c)));
    for (int t = 0; t < kTurns; ++t) {
      ChainTurn turn;
      turn.policy = (zipf(rng, shape.policies) + phase) % shape.policies;
      turn.fed = t == 0 ? kPrompt : kObservation;
      const double median = medians[static_cast<std::size_t>(turn.policy)];
      turn.answer = tokens(log_normal(rng, median * factor, 0.6), kLongest);
      chain.turns.push_back(turn);
    }
    work.chains.push_back(std::move(chain));
  }
  return work;
}

Work session_work(const SessionShape& shape) {
  Work work;
  work.in_flight = shape.in_flight;
  work.max_context = kSessionContext;
  for (int c = 0; c < shape.chains; ++c) {
    Chain chain;
    chain.task = std::to_string(c / kGroup);
    Rng of_task(seed_join(seed_join(shape.seed, "task"), chain.task));
    const double factor = log_normal(of_task, 1, 0.5);
    Rng rng(seed_join(seed_join(shape.seed, "session"), static_cast<std::uint64_t>(c)));
    const int turns = 3 + static_cast<int>(rng.below(6));
    for (int t = 0; t < turns; ++t) {
      ChainTurn turn;
      turn.fed = t == 0 ? static_cast<int>(2048 * std::exp2(3 * rng.uniform()))
                        : 50 + static_cast<int>(rng.below(200));
      if (t > 0) turn.tool_seconds = std::min(60.0, log_normal(rng, 3, 1));
      turn.answer = tokens(log_normal(rng, 150 * factor, 0.6), 700);
      chain.turns.push_back(turn);
    }
    work.chains.push_back(std::move(chain));
  }
  return work;
}

}  // namespace troupe::bench
