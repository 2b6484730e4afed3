#include "simulate/what_if/what_if.h"

#include <gtest/gtest.h>

#include "base/disk.h"
#include "config/run_file.h"
#include "orchestrate/run_options.h"
#include "simulate/simulation.h"

namespace troupe {
namespace {

constexpr const char* kRun =
    "[environment]\nname = \"chain\"\n[rollout]\ngroups = 6\ngroup_size = 4\n"
    "[pipeline]\nmode = \"barrier\"\n[run]\nseed = 9\n";
constexpr const char* kCluster =
    "[cluster]\ndevices = 8\ntraining_devices = 4\n[simulation]\nsteps = 2\n"
    "[workload]\nmax_context = 4000\n";

Result<WhatIf> ask(const std::string& run_text, const std::string& cluster_text) {
  MemoryDisk disk;
  TROUPE_ASSIGN(RunFile run, RunFile::parse(run_text, "run.toml"));
  TROUPE_ASSIGN(const auto options, read_run_options(run, EnvironmentServices{disk}, {}));
  TROUPE_ASSIGN(RunFile cluster, RunFile::parse(cluster_text, "cluster.toml"));
  return read_what_if(disk, cluster, *options);
}

TEST(WhatIf, TheScheduleIsTheRunsAndTheHardwareTheClusters) {
  const auto asked = ask(kRun, kCluster);
  ASSERT_TRUE(asked) << asked.error().message;
  const SimulationOptions& o = asked->options;
  EXPECT_EQ(o.run.groups, 6);
  EXPECT_EQ(o.run.group_size, 4);
  EXPECT_EQ(o.run.steps, 2);
  EXPECT_EQ(o.run.seed, 9);
  EXPECT_EQ(o.pipeline.mode.mode, "barrier");
  EXPECT_EQ(o.team.agents, 2);
  ASSERT_EQ(o.team.shapes.size(), 2U);
  EXPECT_EQ(o.team.shapes[0].hidden, 64);
  EXPECT_EQ(o.team.shapes[0].bytes, 4);
  EXPECT_GT(o.team.shapes[0].parameters, 5e4);
  EXPECT_EQ(o.instances(), 4);
  EXPECT_TRUE(simulate(o));
}

TEST(WhatIf, AModelByNameTakesThePlaceOfTheRuns) {
  const auto asked = ask(kRun, std::string(kCluster) + "[team]\nmodels = [\"qwen2.5-0.5b\"]\n");
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_TRUE(asked->options.team.shapes.empty());
}

TEST(WhatIf, DevicesAreDividedByTheRunsInstances) {
  const std::string cluster = "[cluster]\ndevices = 8\n";
  auto asked = ask(kRun, cluster);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->options.cluster.training_devices, 4);
  ASSERT_EQ(asked->notes.size(), 1U);
  asked = ask(std::string(kRun) + "[instances]\ncount = 3\n", cluster);
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->options.cluster.training_devices, 5);
  EXPECT_EQ(asked->options.instances(), 3);
}

TEST(WhatIf, WhatTheOtherFileDecidesIsRefused) {
  for (const char* more : {"[pipeline]\nmode = \"barrier\"\n", "[router]\nkind = \"random\"\n",
                           "[team]\nagents = 3\n"}) {
    const auto asked = ask(kRun, std::string(kCluster) + more);
    ASSERT_FALSE(asked) << more;
    EXPECT_EQ(asked.error().code, ErrorCode::kInvalid);
    EXPECT_NE(asked.error().message.find("comes from the run file"), std::string::npos)
        << asked.error().message;
  }
  EXPECT_FALSE(ask(kRun, "[cluster]\ndevice_count = 8\n"));
  EXPECT_FALSE(
      ask(std::string(kRun) + "[policy.first.pipeline]\nmode = \"micro_batch\"\n[policy.second]\n",
          kCluster))
      << "one mode for all";
}

}  // namespace
}  // namespace troupe
