#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/rng.h"
#include "rollout/balancer/disparity.h"

namespace troupe {
namespace {

constexpr double kCooldown = 10;

/// A fleet under a load that stays: each policy's requests are spread evenly over its instances.
struct World {
  explicit World(std::uint64_t seed) : rng(seed) {
    const int policies = 1 + static_cast<int>(rng.below(8));
    state.now = 1e4;
    state.decode_rate = 500 + rng.uniform() * 2000;
    state.prefill_rate = 5000 + rng.uniform() * 20000;
    state.step_seconds = 0.03;
    int id = 0;
    for (int p = 0; p < policies; ++p) {
      PolicyLoad load;
      load.minimum = 1 + static_cast<int>(rng.below(3));
      load.speed = 0.3 + rng.uniform();
      load.load_seconds = rng.uniform() * 5;
      load.moved_at = state.now - rng.uniform() * 20;
      const int instances = load.minimum + static_cast<int>(rng.below(12));
      for (int i = 0; i < instances; ++i) {
        InstanceLoad instance;
        instance.id = id++;
        instance.policy = p;
        state.instances.push_back(instance);
      }
      // Skewed: most of the load is that of few.
      offered.push_back(static_cast<int>(std::exp(rng.uniform() * 7)) - 1);
      tokens.push_back(20 + rng.uniform() * 2000);
      state.policies.push_back(load);
    }
    spread();
  }

  void spread() {
    std::vector<int> count(offered.size(), 0);
    for (const auto& i : state.instances) ++count[static_cast<std::size_t>(i.policy)];
    std::vector<int> seen(offered.size(), 0);
    for (auto& i : state.instances) {
      const auto p = static_cast<std::size_t>(i.policy);
      const int share = offered[p] / count[p] + (seen[p]++ < offered[p] % count[p] ? 1 : 0);
      i.in_flight = std::min(share, 64);
      i.work = i.in_flight * tokens[p];
      i.longest = i.in_flight > 0 ? 2 * tokens[p] : 0;
      i.context = i.in_flight * 700.0;
    }
    for (std::size_t p = 0; p < offered.size(); ++p) {
      int taken = 0;
      for (const auto& i : state.instances) {
        if (i.policy == static_cast<int>(p)) taken += i.in_flight;
      }
      state.policies[p].waiting = offered[p] - taken;
      state.policies[p].waiting_work = state.policies[p].waiting * tokens[p];
    }
  }

  void apply(const std::vector<Move>& moves) {
    for (const Move& move : moves) {
      for (auto& i : state.instances) {
        if (i.id != move.instance) continue;
        state.policies[static_cast<std::size_t>(i.policy)].moved_at = state.now;
        i.policy = move.to;
      }
      state.policies[static_cast<std::size_t>(move.to)].moved_at = state.now;
    }
    spread();
  }

  [[nodiscard]] std::map<int, double> pressures() const {
    std::map<int, double> out;
    std::map<int, int> count;
    for (const auto& i : state.instances) ++count[i.policy];
    for (const auto& [p, n] : count) out[p] = 1.0 * offered[static_cast<std::size_t>(p)] / n;
    return out;
  }

  Rng rng;
  LoadState state;
  std::vector<int> offered;    ///< requests of each policy, waiting and in flight
  std::vector<double> tokens;  ///< predicted for each of them
};

TEST(DisparityProperty, EachPlanIsSound) {
  const DisparityBalancer balancer(5, kCooldown);
  int planned = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    World world(seed);
    const LoadState& state = world.state;
    for (auto& i : world.state.instances) i.moving = world.rng.below(10) == 0;
    const std::vector<Move> moves = balancer.plan(state);
    EXPECT_EQ(balancer.plan(state), moves);
    std::set<int> moved;
    std::set<int> gave;
    std::map<int, int> count;
    for (const auto& i : state.instances) ++count[i.policy];
    const auto before = [&](int p) {
      double requests = state.policies[static_cast<std::size_t>(p)].waiting;
      for (const auto& i : state.instances) {
        if (i.policy == p && !i.moving) requests += i.in_flight;
      }
      return requests;
    };
    for (const Move& move : moves) {
      ++planned;
      const InstanceLoad& i = state.instances.at(static_cast<std::size_t>(move.instance));
      EXPECT_TRUE(moved.insert(i.id).second) << "moved twice";
      EXPECT_FALSE(i.moving);
      EXPECT_NE(i.policy, move.to);
      for (const int p : {i.policy, move.to}) {
        EXPECT_GE(state.now - state.policies[static_cast<std::size_t>(p)].moved_at, kCooldown);
      }
      // Pressures at this point of the plan: before, 5 apart; after, still the same one's is more.
      EXPECT_GT(before(move.to) / count[move.to] - before(i.policy) / count[i.policy], 5);
      --count[i.policy];
      ++count[move.to];
      EXPECT_GT(before(move.to) / count[move.to], before(i.policy) / count[i.policy]);
      gave.insert(i.policy);
    }
    for (const Move& move : moves) EXPECT_EQ(gave.count(move.to), 0U);
    for (std::size_t p = 0; p < state.policies.size(); ++p) {
      EXPECT_GE(count[static_cast<int>(p)], state.policies[p].minimum);
    }
  }
  EXPECT_GT(planned, 1000);
}

TEST(DisparityProperty, UnderAConstantLoadPlansEndAndStayEnded) {
  const DisparityBalancer balancer(5, kCooldown);
  int settled = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    World world(seed);
    std::set<std::vector<int>> seen;  // allocations: none comes twice
    int plans = 0;
    int quiet = 0;
    while (quiet < 3 && plans < 300) {
      const std::vector<Move> moves = balancer.plan(world.state);
      ++plans;
      quiet = moves.empty() ? quiet + 1 : 0;
      if (!moves.empty()) {
        std::vector<int> allocation(world.offered.size(), 0);
        for (const auto& i : world.state.instances) {
          ++allocation[static_cast<std::size_t>(i.policy)];
        }
        ASSERT_TRUE(seen.insert(allocation).second) << "seed " << seed << " goes in circles";
      }
      double worst = 0;
      for (const auto& [p, pressure] : world.pressures()) worst = std::max(worst, pressure);
      world.apply(moves);
      double after = 0;
      for (const auto& [p, pressure] : world.pressures()) after = std::max(after, pressure);
      EXPECT_LE(after, worst);
      world.state.now += kCooldown + 1;
    }
    EXPECT_LT(plans, 300) << "seed " << seed;
    settled += seen.empty() ? 0 : 1;
  }
  EXPECT_GT(settled, 300);  // worlds in which something moved
}

TEST(DisparityProperty, LostInstancesAreReplacedUpToTheMinimum) {
  const DisparityBalancer balancer(5, kCooldown);
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    World world(seed);
    int least = 0;
    for (const auto& p : world.state.policies) least += p.minimum;
    const int lost = static_cast<int>(world.rng.below(world.state.policies.size()));
    std::erase_if(world.state.instances, [lost](const auto& i) { return i.policy == lost; });
    if (static_cast<int>(world.state.instances.size()) < least) continue;
    std::map<int, int> count;
    for (const auto& i : world.state.instances) ++count[i.policy];
    for (const Move& move : balancer.plan(world.state)) {
      for (const auto& i : world.state.instances) {
        if (i.id == move.instance) --count[i.policy];
      }
      ++count[move.to];
    }
    for (std::size_t p = 0; p < world.state.policies.size(); ++p) {
      EXPECT_GE(count[static_cast<int>(p)], world.state.policies[p].minimum) << seed;
    }
  }
}

}  // namespace
}  // namespace troupe
