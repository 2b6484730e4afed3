#include "simulate/simulation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "config/run_file.h"
#include "simulate/team/simulated_team.h"

namespace troupe {
namespace {

/// A small team on a small cluster.
SimulationOptions small() {
  SimulationOptions o;
  o.run.steps = 3;
  o.run.groups = 6;
  o.run.group_size = 4;
  o.cluster.devices = 16;
  o.cluster.training_devices = 8;
  o.cluster.training_tensor_parallel = 2;
  o.team.agents = 3;
  o.team.models = {"qwen2.5-1.5b"};
  o.workload.max_context = 12'000;
  return o;
}

SimulationResult run(const SimulationOptions& options) {
  auto out = simulate(options);
  EXPECT_TRUE(out) << out.error().message;
  return out ? std::move(*out) : SimulationResult();
}

TEST(Simulation, OneEpisodeTakesWhatTheFormulasSay) {
  SimulationOptions o = small();
  o.run.steps = o.run.groups = o.run.group_size = 1;
  o.team.agents = 1;
  o.workload.turns = o.workload.min_turns = 2;
  o.workload.answer_sigma = o.workload.task_sigma = 0;
  o.workload.answer_median = 100;
  o.workload.prompt_tokens = 400;
  o.workload.observation_tokens = 50;
  const SimulationResult out = run(o);
  const auto costs = team_costs(o);
  ASSERT_TRUE(costs);
  const CostModel& c = costs->rollout[0].cost;
  const TrainingCosts& t = costs->training[0];
  // 400 tokens are prefilled and give the first of 100; then the observation and the last token.
  double seconds = c.prefill(400) + c.decode(99, 1, 401) + c.prefill(51) + c.decode(99, 1, 551);
  seconds += t.per_token * 650 + t.optimizer;
  EXPECT_NEAR(out.seconds, seconds + c.load(), 1e-6);
  EXPECT_NEAR(out.bound, seconds, 1e-6) << "nothing can be better scheduled";
  EXPECT_EQ(out.tokens, 200);
  EXPECT_EQ(out.trained, 650);
  EXPECT_EQ(out.turns, 2);
}

TEST(Simulation, TheSameOptionsGiveTheSameEvents) {
  SimulationOptions o = small();
  o.workload.tools = "tracelab";
  const SimulationResult a = run(o);
  const SimulationResult b = run(o);
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.events, b.events);
  EXPECT_EQ(a.seconds, b.seconds);
  EXPECT_GT(a.events, 100);
  o.run.seed = 2;
  EXPECT_NE(run(o).digest, a.digest);
}

TEST(Simulation, SchedulesDoTheSameWorkAndNoneBeatsTheBound) {
  for (std::int64_t seed = 1; seed <= 3; ++seed) {
    SimulationOptions o = small();
    o.run.seed = seed;
    o.workload.hot_groups = 4;
    std::vector<SimulationResult> all;
    for (const char* mode : {"barrier", "micro_batch", "overlap"}) {
      for (const char* router : {"round_robin", "least_work"}) {
        for (const char* balancer : {"none", "disparity"}) {
          o.pipeline.mode.mode = mode;
          o.router.kind = router;
          o.balancer.kind = balancer;
          all.push_back(run(o));
        }
      }
    }
    for (const SimulationResult& out : all) {
      EXPECT_EQ(out.tokens, all[0].tokens);
      EXPECT_EQ(out.trained, all[0].trained);
      EXPECT_EQ(out.episodes, 3 * 6 * 4);
      EXPECT_GE(out.seconds, out.bound * (1 - 1e-9));
      EXPECT_GT(out.bound, 0);
      for (const auto* shares : {&out.rollout, &out.training}) {
        double sum = 0;
        for (const auto& [state, share] : *shares) {
          EXPECT_GE(share, -1e-9) << state;
          sum += share;
        }
        EXPECT_NEAR(sum, 1, 1e-6);
      }
    }
    EXPECT_LE(all[4].seconds, all[0].seconds) << "micro_batch waits for nothing that barrier has";
  }
}

TEST(Simulation, UtilisationIsWorkOverTime) {
  SimulationOptions o = small();
  const SimulationResult out = run(o);
  const auto costs = team_costs(o);
  const TrainingCosts& t = costs->training[0];
  double work = t.per_token * static_cast<double>(out.trained);
  EXPECT_NEAR(out.training.at("backward") * out.seconds * out.slots, work, 1e-3);
  EXPECT_NEAR(out.training.at("optimizer") * out.seconds * out.slots, 3 * 3 * t.optimizer, 1e-3);
}

TEST(Simulation, SharedSlotsSwapAndDoTheSameWork) {
  SimulationOptions o = small();
  const SimulationResult own = run(o);
  o.cluster.training_slots = 2;
  const SimulationResult shared = run(o);
  EXPECT_EQ(own.swaps, 0);
  EXPECT_GT(shared.swaps, 0);
  EXPECT_GT(shared.training.at("swap"), 0);
  EXPECT_EQ(own.trained, shared.trained);
  EXPECT_GE(shared.seconds, shared.bound);
}

TEST(Simulation, EpisodesInLockstepTakeLongerForTheSameWork) {
  SimulationOptions o = small();
  const SimulationResult alone = run(o);
  o.pipeline.lockstep = true;
  const SimulationResult together = run(o);
  EXPECT_GT(together.seconds, 1.05 * alone.seconds);
  EXPECT_EQ(together.trained, alone.trained);
}

TEST(Simulation, BandwidthsAndOverheadsTakeTheirTime) {
  SimulationOptions o = small();
  o.pipeline.mode.mode = "barrier";
  const SimulationResult plain = run(o);
  const double bytes = find_model(o.team.models.front())->weight_bytes();
  o.cluster.load_bandwidth = bytes / 7;  // seconds
  const SimulationResult slow = run(o);
  EXPECT_NEAR(slow.loading, 7, 0.1);
  EXPECT_GT(slow.step_seconds(), plain.step_seconds() + 6);
  o.cluster.serial_load = true;
  EXPECT_NEAR(run(o).loading, 21, 0.1);  // three agents
  o = small();
  o.efficiency.backward_overhead = 5;
  const SimulationResult late = run(o);
  EXPECT_GE(late.seconds, late.bound);
  EXPECT_GT(late.bound, plain.bound + 5);
  o = small();
  o.cluster.training_slots = 2;
  o.cluster.swap_bandwidth = find_model(o.team.models.front())->training_bytes() / 3;
  EXPECT_GT(run(o).training.at("swap") * run(o).seconds * run(o).slots, 3);
}

TEST(Simulation, TailsAndOnePoolRun) {
  SimulationOptions o = small();
  o.pipeline.tail = "redundant_groups";
  EXPECT_EQ(run(o).bound, 0);
  o = small();
  o.cluster.shared = true;
  o.cluster.training_devices = o.cluster.devices;
  o.pipeline.mode.mode = "barrier";
  const SimulationResult out = run(o);
  EXPECT_EQ(out.instances, 16);
  EXPECT_GE(out.seconds, out.bound);
}

TEST(Simulation, OptionsAreReadAndRefused) {
  const auto read = [](const std::string& text) -> Status {
    TROUPE_ASSIGN(RunFile file, RunFile::parse(text, "c.toml"));
    SimulationOptions o;
    return read_simulation(file, o);
  };
  EXPECT_TRUE(read("[cluster]\ndevices = 32\ntraining_devices = 16\n[simulation]\nsteps = 2\n"));
  for (const char* text :
       {"[cluster]\ndevice_count = 3\n", "[pipeline]\nstaleness = 2\n",
        "[cluster]\ntraining_slots = 4\n", "[pipeline]\ntail_factor = 2\n",
        "[cluster]\ntraining_devices = 64\n", "[cluster]\ntraining_tensor_parallel = 16\n",
        "[cluster]\ntensor_parallel = 16\n", "[balancer]\nkind = \"none\"\nthreshold = 2\n",
        "[workload]\nmin_turns = 7\n", "[workload]\ntool_scale = 2\n", "[cluster]\nshared = true\n",
        "[team]\nmodels = []\n", "[team]\nagents = 40\n"}) {
    const Status status = read(text);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid) << text;
  }
  EXPECT_NE(
      read("[cluster]\ntraining_device = 3\n").error().message.find("cluster.training_devices"),
      std::string::npos);
  SimulationOptions unknown = small();
  unknown.cluster.device = "h10";
  EXPECT_FALSE(simulate(unknown));
}

/// Two kinds of accelerators, and of tasks: the other ones have long answers.
SimulationOptions two_kinds() {
  SimulationOptions o = small();
  o.team.agents = 1;
  o.cluster.other_device = "h20";
  o.cluster.other_devices = 6;
  o.cluster.other_tensor_parallel = 2;
  o.run.other_tasks = 0.5;
  o.workload.prompt_tokens = 4000;
  o.other_workload.answer_median = 1000;
  return o;
}

TEST(Simulation, AffinityMovesWorkAndDoesNotChangeIt) {
  SimulationOptions o = two_kinds();
  const SimulationResult mixed = run(o);
  EXPECT_EQ(mixed.instances, 8 + 3);
  o.cluster.affinity = true;
  const SimulationResult apart = run(o);
  EXPECT_EQ(apart.trained, mixed.trained);
  EXPECT_NE(apart.digest, mixed.digest);
  EXPECT_GE(mixed.seconds, mixed.bound * (1 - 1e-9));
  EXPECT_GE(apart.seconds, apart.bound * (1 - 1e-9));
  // Of the second kind alone, too: the first trains.
  o.cluster.devices = o.cluster.training_devices;
  EXPECT_EQ(run(o).instances, 3);
}

TEST(Simulation, AloneEachKindTakesItsOwnTime) {
  SimulationOptions o = two_kinds();
  o.run.steps = o.run.groups = o.run.group_size = 1;
  o.run.other_tasks = 1;  // all tasks are of the other kind
  o.cluster.affinity = true;
  o.other_workload = WorkloadOptions();
  o.other_workload.max_context = 12'000;
  o.other_workload.turns = o.other_workload.min_turns = 1;
  o.other_workload.answer_sigma = o.other_workload.task_sigma = 0;
  o.other_workload.answer_median = 100;
  const auto costs = team_costs(o);
  ASSERT_TRUE(costs);
  const CostModel& c = costs->other[0].cost;
  const TrainingCosts& t = costs->training[0];
  const double work = c.prefill(400) + c.decode(99, 1, 401) + t.per_token * 500 + t.optimizer;
  EXPECT_NEAR(run(o).seconds, work + costs->rollout[0].cost.load(), 1e-6);
}

TEST(Simulation, OptionsOfSecondKindsAreRefusedWhereTheyDoNothing) {
  for (const auto& spoil : std::vector<void (*)(SimulationOptions&)>{
           [](SimulationOptions& o) { o.cluster.other_devices = 0; },
           [](SimulationOptions& o) { o.run.other_tasks = 0; },
           [](SimulationOptions& o) { o.team.agents = 2; },
           [](SimulationOptions& o) { o.other_workload.tool_mean = 3; },
           [](SimulationOptions& o) { o.other_workload.min_turns = 9; },
           [](SimulationOptions& o) { o.cluster.other_device = "h2"; }}) {
    SimulationOptions o = two_kinds();
    ASSERT_TRUE(simulate(o));
    spoil(o);
    EXPECT_FALSE(simulate(o));
  }
}

}  // namespace
}  // namespace troupe
