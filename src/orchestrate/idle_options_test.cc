#include "orchestrate/idle_options.h"

#include <gtest/gtest.h>

#include "base/disk.h"
#include "config/run_file.h"

namespace troupe {
namespace {

/// The error of a chain team with these lines in its run file; "" if it is accepted.
std::string error_of(const std::string& lines) {
  MemoryDisk disk;
  auto file = RunFile::parse("[environment]\nname = \"chain\"\n" + lines, "run.toml");
  if (!file) return file.error().message;
  const auto options = read_run_options(*file, EnvironmentServices{disk}, {});
  return options ? "" : options.error().message;
}

TEST(IdleOptions, DefaultsAndTheirResolvedFileAreAccepted) {
  EXPECT_EQ(error_of(""), "");
  MemoryDisk disk;
  auto file = RunFile::parse("[environment]\nname = \"chain\"\n[policy.first]\n[policy.second]\n",
                             "run.toml");
  const auto options = read_run_options(*file, EnvironmentServices{disk}, {});
  ASSERT_TRUE(options) << options.error().message;
  auto again = RunFile::parse((*options)->resolved, "resolved.toml");
  ASSERT_TRUE(again);
  const auto same = read_run_options(*again, EnvironmentServices{disk}, {});
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ((*same)->digest, (*options)->digest);
}

TEST(IdleOptions, CheckpointsAreKeptOnlyWhereSomeAreWritten) {
  EXPECT_EQ(error_of("[checkpoint]\nkeep_every = 20\n"), "");
  EXPECT_NE(error_of("[checkpoint]\nevery = 0\nkeep_every = 20\n").find("would do nothing"),
            std::string::npos);
  EXPECT_NE(error_of("[checkpoint]\nkeep_every = 1000000\n").find("would do nothing"),
            std::string::npos);
  EXPECT_NE(error_of("[checkpoint]\nevery = 10\nkeep_every = 15\n").find("use 20"),
            std::string::npos);
}

/// The same around `sort`, with the workflow's options.
std::string workflow_error(const std::string& lines) {
  MemoryDisk disk;
  auto file = RunFile::parse("[environment]\nname = \"sort\"\n" + lines, "run.toml");
  if (!file) return file.error().message;
  const auto options = read_run_options(*file, EnvironmentServices{disk}, {});
  return options ? "" : options.error().message;
}

TEST(IdleOptions, AWorkflowKnowsItsOwnOptionsAndTheEnvironmentThatItNeeds) {
  EXPECT_EQ(workflow_error("[workflow]\nname = \"mixture\"\nproposers = 2\n"), "");
  EXPECT_NE(workflow_error("[workflow]\nname = \"debate\"\nproposers = 2\n"), "");
  EXPECT_NE(workflow_error("[workflow]\nproposers = 2\n"), "");
  EXPECT_NE(error_of("[workflow]\nname = \"debate\"\n").find("has 2 agents"), std::string::npos);
  const std::string team = "[workflow]\nname = \"debate\"\n[credit]\nkind = \"team\"\n";
  EXPECT_NE(workflow_error(team).find("would do nothing"), std::string::npos);
  const std::string alone = "[workflow]\nname = \"per_turn\"\n[rollout]\ngroup_size = 1\n";
  EXPECT_EQ(workflow_error(alone), "") << "its branches are compared";
}

TEST(IdleOptions, PoliciesPlayTheTeamsAgents) {
  MemoryDisk disk;
  auto file = RunFile::parse(
      "[environment]\nname = \"sort\"\n[workflow]\nname = \"planner_executor_critic\"\n",
      "run.toml");
  const auto options = read_run_options(*file, EnvironmentServices{disk}, {});
  ASSERT_TRUE(options) << options.error().message;
  std::vector<std::string> names;
  for (const auto& policy : (*options)->policies) names.push_back(policy->name);
  EXPECT_EQ(names, (std::vector<std::string>{"planner", "executor", "critic"}));
}

TEST(IdleOptions, SaysTheOptionTheReasonAndTheRemedy) {
  // A stage that is switched off is no mistake in the rest of its table.
  EXPECT_EQ(error_of("[warm_start]\nnoise = 0.5\nsteps = 0\n"), "");
  EXPECT_NE(error_of("[warm_start]\nlearning_rate = 0.0\nsteps = 1\n"), "");
  EXPECT_EQ(error_of("[warm_start]\nnoise = 0.5\nsteps = 1\n"), "");
  EXPECT_NE(error_of("[rollout]\ngroup_size = 1\n").find("use 2 or more"), std::string::npos);
  EXPECT_NE(error_of("[optimizer]\nschedule = \"constant\"\nfinal_rate = 0.5\n").find("schedule"),
            std::string::npos);
  EXPECT_EQ(error_of("[optimizer]\nschedule = \"cosine\"\nfinal_rate = 0.5\n"), "");
}

TEST(IdleOptions, APolicysWarmStartIsItsOwn) {
  const std::string warm = "[warm_start]\nsteps = 10\n[policy.sorter.warm_start]\n";
  EXPECT_EQ(error_of(warm + "steps = 20\nlearning_rate = 0.01\n"), "");
  EXPECT_NE(error_of(warm + "learning_rate = 0\n")
                .find("policy.sorter.warm_start.learning_rate = 0 would teach nothing"),
            std::string::npos);
  EXPECT_EQ(error_of(warm + "steps = 0\nlearning_rate = 0\n"), "");
}

TEST(IdleOptions, CreditReadsTheOptionsOfItsKind) {
  EXPECT_EQ(error_of("[credit]\nkind = \"team\"\n"), "");
  EXPECT_EQ(error_of("[credit]\nkind = \"turn\"\ndiscount = 0.5\n"), "");
  EXPECT_NE(error_of("[credit]\ndiscount = 0.5\n").find("credit.kind = \"turn\""),
            std::string::npos);
  EXPECT_NE(error_of("[credit]\ncommand = [\"true\"]\n").find("credit.kind is \"agent\""),
            std::string::npos);
  EXPECT_NE(error_of("[credit]\nkind = \"command\"\n").find("credit.command is missing"),
            std::string::npos);
  EXPECT_EQ(error_of("[credit]\nkind = \"command\"\ncommand = [\"true\"]\nretries = 1\n"), "");
}

TEST(IdleOptions, AnAdvantageReadsItsOwnOptions) {
  const std::string gae = "[algorithm]\nadvantage = \"gae\"\n";
  EXPECT_EQ(error_of(gae + "gae_lambda = 0.9\ncritic_learning_rate = 0.01\n"), "");
  EXPECT_NE(error_of(gae + "group_by = \"task\"\n").find("group_by"), std::string::npos);
  EXPECT_NE(error_of(gae + "baseline_decay = 0.5\n").find("baseline_decay"), std::string::npos);
  EXPECT_NE(error_of("[algorithm]\ngae_lambda = 0.9\n").find("gae_lambda"), std::string::npos);
  EXPECT_EQ(error_of("[algorithm]\nadvantage = \"role_baseline\"\nbaseline_decay = 0.5\n"), "");
  // One episode is enough where the group is not what it is compared with.
  EXPECT_EQ(error_of(gae + "[rollout]\ngroup_size = 1\n"), "");
  EXPECT_EQ(error_of(gae + "[credit]\nkind = \"turn\"\n"), "");
  EXPECT_NE(error_of(gae + "[credit]\nkind = \"turn\"\ndiscount = 0.5\n").find("gae_discount"),
            std::string::npos);
  for (const std::string advantage : {"reinforce_pp", "lite_ppo", "role_baseline"}) {
    const std::string lines = "[algorithm]\nadvantage = \"" + advantage + "\"\n";
    EXPECT_EQ(error_of(lines), "");
    EXPECT_NE(error_of(lines + "[credit]\nkind = \"turn\"\n").find("of whole rows"),
              std::string::npos);
  }
  EXPECT_NE(error_of(gae + "[experience]\nrefill = true\n").find("advantage = \"gae\""),
            std::string::npos);
}

TEST(IdleOptions, WhatRefillTakesForNoGradientMustBeNone) {
  EXPECT_EQ(error_of("[experience]\nrefill = true\n[algorithm]\nadvantage = \"rloo\"\n"), "");
  EXPECT_EQ(error_of("[experience]\nrefill = true\n[algorithm]\ngroup_by = \"agent_turn\"\n"), "");
  EXPECT_NE(error_of("[experience]\nrefill = true\n[algorithm]\ngroup_by = \"task\"\n")
                .find("group_by is \"task\""),
            std::string::npos);
  EXPECT_NE(error_of("[experience]\nrefill = true\n[credit]\nkind = \"turn\"\n")
                .find("credit.kind is \"turn\""),
            std::string::npos);
}

TEST(IdleOptions, AnAverageNeedsAnExactMeasureAndThatPlainEnds) {
  EXPECT_NE(error_of("[eval]\naverage_from = 0.5\n").find("no exact measure"), std::string::npos);
  MemoryDisk disk;
  const auto kuhn_error = [&](const std::string& lines) {
    auto file = RunFile::parse("[environment]\nname = \"kuhn\"\n" + lines, "run.toml");
    const auto options = read_run_options(*file, EnvironmentServices{disk}, {});
    return options ? "" : options.error().message;
  };
  EXPECT_EQ(kuhn_error("[eval]\naverage_from = 0.5\n"), "");
  EXPECT_EQ(kuhn_error("[rollout]\nstop_tokens = [6]\n"), "");
  EXPECT_NE(kuhn_error("[rollout]\nstop = [\":\"]\n").find("use rollout.stop_tokens"),
            std::string::npos);
}

TEST(IdleOptions, WhatAStoreInMemoryDoesNotUseIsRefused) {
  EXPECT_EQ(error_of("[experience]\nstore = \"memory\"\n"), "");
  EXPECT_EQ(error_of("[experience]\nflush_seconds = 1.0\n"), "");
  EXPECT_NE(error_of("[experience]\nstore = \"memory\"\nflush_seconds = 1.0\n").find("\"disk\""),
            std::string::npos);
  const std::string ahead = "[experience]\nstore = \"memory\"\n[pipeline]\nmode = \"overlap\"\n";
  EXPECT_NE(error_of(ahead).find("set experience.store = \"disk\""), std::string::npos);
  EXPECT_EQ(error_of("[run]\ndeterministic = false\n" + ahead), "");
  EXPECT_NE(error_of("[run]\ndeterministic = false\n[experience]\nselection = \"arrival\"\nstore "
                     "= \"memory\"\n[pipeline]\nmode = \"overlap\"\n")
                .find("which have been used"),
            std::string::npos);
  EXPECT_EQ(error_of("[experience]\nrefill = true\nrefill_limit = 3.0\n"), "");
  EXPECT_NE(error_of("[experience]\nrefill_limit = 3.0\n").find("experience.refill = true"),
            std::string::npos);
}

TEST(IdleOptions, ChoosingTasksByDifficultyGoesWithItsOwnOptionsOnly) {
  EXPECT_EQ(error_of("[experience]\ntasks = \"difficulty\"\nexplore = 0.2\n"), "");
  EXPECT_NE(error_of("[experience]\nexplore = 0.2\n").find("\"difficulty\""), std::string::npos);
  EXPECT_NE(error_of("[experience]\ntasks = \"difficulty\"\nrefill = true\n").find("choose one"),
            std::string::npos);
}

TEST(IdleOptions, ALossTakesItsOwnNumbersOnly) {
  for (const char* loss : {"grpo", "gspo", "cispo", "sapo", "tis", "decoupled_ppo"}) {
    EXPECT_EQ(error_of(std::string("[algorithm]\nloss = \"") + loss + "\"\n"), "");
  }
  EXPECT_NE(error_of("[algorithm]\nchunk_discount = 0.9\n").find("set algorithm.loss to ipa"),
            std::string::npos);
  EXPECT_EQ(error_of("[algorithm]\nloss = \"ipa\"\nchunk_discount = 0.9\n"), "");
  EXPECT_EQ(error_of("[algorithm]\nloss = \"topr\"\nnegative_weight = 0.5\n"), "");
  EXPECT_NE(error_of("[algorithm]\nloss = \"topr\"\nratio_cap = 2.0\n").find("no ratio leaves 1"),
            std::string::npos);
  EXPECT_NE(error_of("[algorithm]\nclip_high = 0.28\n").find("no ratio leaves 1"),
            std::string::npos);
  EXPECT_NE(error_of("[algorithm]\nloss = \"dapo\"\n").find("\"token\""), std::string::npos);
  EXPECT_EQ(error_of("[algorithm]\nloss = \"dapo\"\nnormalizer = \"token\"\n"), "");
  EXPECT_NE(
      error_of("[algorithm]\nloss = \"topr\"\nnegative_weight = 0.0\npositive_weight = 0.0\n"), "");
}

TEST(IdleOptions, WhatBoundsRatiosNeedsAModeInWhichTheyLeaveOne) {
  const std::string overlap = "[pipeline]\nmode = \"overlap\"\n";
  EXPECT_EQ(error_of("[algorithm]\nclip_high = 0.28\n" + overlap), "");
  EXPECT_EQ(error_of("[algorithm]\nloss = \"sapo\"\ngate_negative = 5.0\n" + overlap), "");
  EXPECT_NE(error_of("[algorithm]\nratio_cap = 2.0\n" + overlap).find("tis or topr"),
            std::string::npos);
  // One policy with an older version in its batches is enough for the common table.
  const std::string one = "[policy.first]\n[policy.second.pipeline]\nmode = \"overlap\"\n";
  EXPECT_EQ(error_of("[algorithm]\nclip_high = 0.28\n" + one), "");
  EXPECT_NE(error_of(one + "[policy.first.algorithm]\nclip_high = 0.28\n"), "");
}

TEST(IdleOptions, SharedSlotsAreFewerThanThePoliciesThatShareThem) {
  EXPECT_EQ(error_of("[training]\nslots = 1\n"), "");
  EXPECT_EQ(error_of("[training]\nslots = 1\nmemory_megabytes = 9\nstate_folder = \"x\"\n"), "");
  EXPECT_NE(error_of("[training]\nslots = 2\n").find("with 2 policies each has a slot of its own"),
            std::string::npos);
  EXPECT_NE(error_of("[training]\nmemory_megabytes = 9\n").find("set training.slots"),
            std::string::npos);
  EXPECT_NE(error_of("[training]\nslots = 1\nstate_folder = \"x\"\n")
                .find("set training.memory_megabytes"),
            std::string::npos);
}

TEST(IdleOptions, ACommonOptionIsIdleOnlyIfItIsSoForAllPolicies) {
  const std::string common = "[algorithm]\nentropy_max = 0.2\n";
  EXPECT_EQ(error_of(common).substr(0, 28), "algorithm.entropy_max = 0.2 ");
  const std::string first = "[policy.first.algorithm]\nentropy_floor = 0.1\n[policy.second]\n";
  EXPECT_EQ(error_of(common + first), "");
  EXPECT_EQ(
      error_of("[policy.first]\n[policy.second.algorithm]\nentropy_max = 0.2\n").substr(0, 35),
      "policy.second.algorithm.entropy_max");
}

}  // namespace
}  // namespace troupe
