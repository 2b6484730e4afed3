#include "balancer/planning.h"

#include <cmath>

#include "base/rng.h"
#include "common/stopwatch.h"
#include "rollout/balancer/disparity.h"
#include "rollout/balancer/migration.h"

namespace troupe::bench {
namespace {

/// Instances in equal parts. `skew`: policy p is offered load in proportion to 1 / (p + 1)^skew, as
/// Zipf's law has it; 8 requests an instance on the whole.
LoadState fleet(const Options& options, double skew) {
  LoadState state;
  state.now = 1000;
  state.decode_rate = 1200;
  state.prefill_rate = 12000;
  state.step_seconds = 0.03;
  const auto policies = static_cast<std::size_t>(options.policies);
  state.policies.resize(policies);
  double total = 0;
  for (std::size_t p = 0; p < policies; ++p) total += std::pow(p + 1, -skew);
  Rng rng(1);
  for (int i = 0; i < options.instances; ++i) {
    const auto p = static_cast<std::size_t>(i % options.policies);
    const double share = std::pow(p + 1, -skew) / total * options.policies;
    InstanceLoad instance;
    instance.id = i;
    instance.policy = static_cast<int>(p);
    instance.in_flight = static_cast<int>(share * 8 + rng.uniform());
    instance.work = instance.in_flight * 600.0 * (0.5 + rng.uniform());
    instance.longest = instance.in_flight > 0 ? 1500 : 0;
    instance.context = instance.in_flight * 900.0;
    state.instances.push_back(instance);
  }
  for (PolicyLoad& policy : state.policies) policy.load_seconds = 1.5;
  return state;
}

/// Times calls of `plan`, which gives its number of moves.
template <class Plan>
PlanRow measure(const Options& options, const std::string& name, Plan&& plan) {
  PlanRow row;
  row.state = name;
  const int calls = calls_lasting(0.01, [&] { row.moves = plan(); });
  const Rounds rounds = measure_rounds(
      options.seconds,
      [&] {
        for (int i = 0; i < calls; ++i) row.moves = plan();
      },
      [] {});
  row.seconds = rounds.best / calls;
  row.slowest = rounds.slowest / calls;
  return row;
}

PlanRow measure_migration(const Options& options) {
  Rng rng(2);
  std::vector<double> work(static_cast<std::size_t>(options.instances), 0.0);
  std::vector<SessionLoad> sessions;
  for (int i = 0; i < options.instances * options.sequences; ++i) {
    SessionLoad session;
    session.session = static_cast<std::uint64_t>(i);
    session.instance = static_cast<int>(rng.below(work.size()));
    session.left = 600 * rng.uniform();
    session.context = 4000 * rng.uniform();
    work[static_cast<std::size_t>(session.instance)] += session.left;
    sessions.push_back(session);
  }
  return measure(options, "sessions within a policy", [&] {
    return static_cast<int>(rebalance(work, sessions, 1200, 12000, MigrationLimits()).size());
  });
}

}  // namespace

std::vector<PlanRow> measure_plans(const Options& options) {
  const DisparityBalancer balancer(5, 10);
  std::vector<PlanRow> rows;
  for (const auto& [name, skew] : {std::pair("even load", 0.0), std::pair("Zipf 1", 1.0)}) {
    const LoadState state = fleet(options, skew);
    rows.push_back(
        measure(options, name, [&] { return static_cast<int>(balancer.plan(state).size()); }));
  }
  rows.push_back(measure_migration(options));
  return rows;
}

}  // namespace troupe::bench
