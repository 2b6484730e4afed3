#include "simulate/studies/roll_flash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "simulate/studies/roll_flash_ranges.h"
#include "simulate/team/simulated_team.h"
#include "simulate/workload/workload.h"

namespace troupe {
namespace {

/// What the theory of ROLL Flash (section 3.2) takes of a run, in seconds.
struct Theory {
  double mean = 0;      ///< mu_g: generating a sample
  double longest = 0;   ///< L_g
  double training = 0;  ///< mu_t: training on a sample with one worker
  double overhead = 0;  ///< of a step: what the theory leaves out, optimizer and new weights
};

constexpr std::int64_t kWorkers = 16, kGroups = 16, kMembers = 4;
constexpr double kSamples = kGroups * kMembers;

/// One sample at a time on an instance, as in the theory.
SimulationOptions one_by_one() {
  SimulationOptions o;
  o.run.steps = 12;
  o.run.groups = kGroups;
  o.run.group_size = kMembers;
  o.cluster.devices = kWorkers;
  o.team.agents = 1;
  o.team.models = {"qwen2.5-7b"};
  o.workload.turns = o.workload.min_turns = 1;
  o.workload.answer_median = 400;
  o.workload.answer_sigma = 0.9;
  o.workload.answer_cap = 8000;
  o.workload.max_context = 600'000;  // an instance has room for one of these
  o.efficiency.training = 0.01;      // about as long as generating
  o.balancer.kind = "none";
  o.router.kind = "least_in_flight";
  return o;
}

Theory theory_of(const SimulationOptions& o) {
  const auto costs = team_costs(o);
  EXPECT_TRUE(costs);
  EXPECT_LT(costs->rollout[0].kv_tokens, 2 * o.workload.max_context);
  Theory out;
  double tokens = 0, count = 0;
  for (std::int64_t place = 0; place < o.run.steps * kGroups; ++place) {
    for (std::int64_t member = 0; member < kMembers; ++member) {
      const auto group = seed_join(seed_join(1, "rollout"), static_cast<std::uint64_t>(place));
      const auto episode =
          seed_join(seed_join(group, static_cast<std::uint64_t>(member)), "environment");
      const Chain chain = draw_chain(o.workload, 1, 1, static_cast<std::uint64_t>(place), episode);
      const double seconds =
          alone_seconds(chain, [&](int) -> const CostModel& { return costs->rollout[0].cost; });
      out.mean += seconds;
      out.longest = std::max(out.longest, seconds);
      tokens += static_cast<double>(chain.tokens());
      ++count;
    }
  }
  out.mean /= count;
  const TrainingCosts& training = costs->training[0];
  out.training = training.per_token * static_cast<double>(o.slot_devices()) * tokens / count;
  out.overhead = training.optimizer + costs->rollout[0].cost.load();
  return out;
}

TEST(RollFlashTheory, SynchronousStepsKeepTheBound) {
  SimulationOptions o = one_by_one();
  o.cluster.shared = true;
  o.cluster.training_devices = o.cluster.devices;
  o.pipeline.mode.mode = "barrier";
  const Theory t = theory_of(o);
  const auto out = simulate(o);
  ASSERT_TRUE(out) << out.error().message;
  // N/K (mu_g + mu_t) + L_g, Q = N.
  EXPECT_LE(out->step_seconds(),
            kSamples / kWorkers * (t.mean + t.training) + t.longest + t.overhead);
  EXPECT_GE(out->step_seconds(), kSamples / kWorkers * (t.mean + t.training));
}

/// Of the steps from the fifth on: the theory's pipeline is full.
double full_pipeline(const SimulationResult& out) {
  double sum = 0;
  for (std::size_t s = 4; s < out.steps.size(); ++s) sum += out.steps[s].seconds;
  return sum / static_cast<double>(out.steps.size() - 4);
}

TEST(RollFlashTheory, AsynchronousStepsKeepTheBound) {
  double before = 1e300;
  for (const double alpha : {1.0, 2.0, 4.0}) {
    SimulationOptions o = one_by_one();
    o.pipeline.mode.mode = "overlap";
    o.pipeline.mode.staleness = alpha;
    o.pipeline.mode.update = "keep";
    o.cluster.training_devices = kWorkers / 2;
    const Theory t = theory_of(o);
    // beta* = N mu_t / (N mu_g + K L_g / (alpha + 1) + N mu_t), with E = 1.
    const double beta =
        kSamples * t.training /
        (kSamples * t.mean + kWorkers * t.longest / (alpha + 1) + kSamples * t.training);
    o.cluster.training_devices = std::max<std::int64_t>(2, std::llround(beta * kWorkers));
    const double share = static_cast<double>(o.cluster.training_devices) / kWorkers;
    const auto out = simulate(o);
    ASSERT_TRUE(out) << out.error().message;
    // T <= N/K (mu_g + mu_t) + L_g / (alpha + 1), which makes the two stages equally long; with
    // whole workers the longer of them.
    const double generate =
        kSamples * t.mean / ((1 - share) * kWorkers) + t.longest / ((alpha + 1) * (1 - share));
    const double train = kSamples * t.training / (share * kWorkers);
    EXPECT_LE(full_pipeline(*out), std::max(generate, train) + t.overhead) << alpha;
    EXPECT_GE(full_pipeline(*out), train * 0.9) << alpha;
    EXPECT_LE(full_pipeline(*out), before * 1.05) << "more staleness, no slower";
    before = full_pipeline(*out);
  }
}

TEST(RollFlashStudy, SchedulesDoTheSameWork) {
  const StudyDraw draw = draw_ranges(kRollFlashAnswerRanges, 1, 1);
  std::int64_t tokens = -1;
  for (const char* router : {"task_affinity", "least_in_flight", "least_work"}) {
    RollFlashSchedule schedule;
    schedule.router = router;
    const auto out = simulate(roll_flash_answers(draw, 8, 8, schedule));
    ASSERT_TRUE(out) << out.error().message;
    if (tokens < 0) tokens = out->trained;
    EXPECT_EQ(out->trained, tokens) << router;
  }
}

TEST(RollFlashStudy, ExtraPromptsAreSixteen) {
  RollFlashSchedule extra;
  extra.tail = "redundant_groups";
  extra.tail_factor = 3;
  const auto out =
      simulate(roll_flash_answers(draw_ranges(kRollFlashAnswerRanges, 1, 1), 8, 8, extra));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->episodes, (8 + 16) * 8);
}

}  // namespace
}  // namespace troupe
