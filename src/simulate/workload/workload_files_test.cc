#include "simulate/workload/workload_files.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "experience/inspect/inspect_test_support.h"
#include "simulate/simulation.h"

namespace troupe {
namespace {

/// Two rows, and one that a context of 4,000 tokens does not hold.
constexpr const char* kTrace =
    "{\"timestamp\": 0, \"input_length\": 50, \"output_length\": 7}\n"
    "{\"timestamp\": 1, \"input_length\": 0, \"output_length\": 300}\n"
    "{\"timestamp\": 2, \"input_length\": 3999, \"output_length\": 2}\n";

WorkloadOptions traced() {
  WorkloadOptions o;
  o.lengths = "trace";
  o.trace = "t.jsonl";
  o.max_context = 4000;
  return o;
}

TEST(WorkloadFiles, ATracesLengthsAreTheEpisodes) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.write("t.jsonl", kTrace, false));
  WorkloadOptions o = traced();
  ASSERT_TRUE(o.check());
  ASSERT_TRUE(load_workload(disk, 4, o));
  std::set<int> prompts, answers;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Chain chain = draw_chain(o, 4, 1, seed / 4, seed);
    EXPECT_EQ(chain.turns[0].fed, draw_chain(o, 4, 1, seed / 4, seed + 1000).turns[0].fed)
        << "a task has one prompt";
    prompts.insert(chain.turns[0].fed);
    for (const ChainTurn& turn : chain.turns) answers.insert(turn.answer);
  }
  EXPECT_EQ(prompts, (std::set<int>{1, 50}));
  EXPECT_EQ(answers, (std::set<int>{7, 300}));
  o.max_context = 100;
  o.trace = "t.jsonl";
  ASSERT_TRUE(load_workload(disk, 4, o));
  o.max_context = 20;
  const Status none = load_workload(disk, 4, o);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("max_context = 20"), std::string::npos);
}

TEST(WorkloadFiles, ARunsEpisodesAreReadAsTheyWere) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  const auto read = read_recorded_episodes(disk, "/run");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->policies, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read->speakers, (std::vector<int>{1, 1}));
  EXPECT_EQ(read->episodes, 4 * 2 * 3);
  EXPECT_EQ(read->tasks.size(), 8U);
  EXPECT_EQ(read->turns, 2);
  EXPECT_EQ(read->answer, 4);
  EXPECT_EQ(read->context, 6);
  for (const auto& task : read->tasks) {
    ASSERT_EQ(task.size(), 3U);
    for (const Chain& chain : task) {
      ASSERT_EQ(chain.turns.size(), 2U);
      for (int policy = 0; policy < 2; ++policy) {
        const ChainTurn& turn = chain.turns[static_cast<std::size_t>(policy)];
        EXPECT_EQ(turn.policy, policy);
        EXPECT_EQ(turn.fed, 2);
        EXPECT_EQ(turn.answer, 4);
      }
    }
  }
  RecordedSteps second;
  second.from = 1;
  second.to = 2;
  EXPECT_EQ(read_recorded_episodes(disk, "/run", second)->episodes, 2 * 3);
  second.from = 9;
  second.to = 10;
  EXPECT_FALSE(read_recorded_episodes(disk, "/run", second));
  EXPECT_FALSE(read_recorded_episodes(disk, "/elsewhere"));
}

/// Goes on until the journal has let its first segments go.
Async<Status> live_long(ExperienceStore& store) {
  Status status = co_await live_test_run(store, true);
  if (status) status = store.retire(3);
  for (std::int64_t step = 4; step < 8 && status; ++step) {
    status = play_test_group(store, group_key(step, 0), 3, 4);
    if (status) status = co_await store.sync(kTestWait);
  }
  if (status) status = co_await store.close_journal(kTestWait);
  co_return status;
}

// What a long run has let go of is repeated by a snapshot in the first segment that is left.
TEST(WorkloadFiles, AJournalMayBeginWithASnapshot) {
  MemoryDisk disk;
  const auto executor = make_virtual_executor({});
  auto setting = test_setting(*executor, disk);
  setting.journal.segment_bytes = 2500;
  const auto store = ExperienceStore::open(std::move(setting));
  ASSERT_TRUE(store) << store.error().message;
  const Status lived = executor->run(live_long(**store));
  ASSERT_TRUE(lived) << lived.error().message;
  const auto scan = scan_journal(disk, kTestFolder, ScanFrom::kFirstSegment,
                                 [](const Frame&) { return Status(); });
  ASSERT_TRUE(scan) << scan.error().message;
  ASSERT_GT(scan->segments.front().sequence, 1U) << "no segment was removed";
  const auto read = read_recorded_episodes(disk, "/run");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_GE(read->episodes, 4 * 3);
}

TEST(WorkloadFiles, ARunsEpisodesAreSimulatedTokenForToken) {
  MemoryDisk disk;
  write_test_journal(disk, {});
  SimulationOptions o;
  o.run.steps = 2;
  o.run.groups = 3;
  o.run.group_size = 4;
  o.cluster.devices = 8;
  o.cluster.training_devices = 4;
  o.team.agents = 2;
  o.team.models = {"qwen2.5-0.5b"};
  o.workload.lengths = "empirical";
  o.workload.from_run = "/run";
  EXPECT_FALSE(simulate(o)) << "the files were not read";
  ASSERT_TRUE(load_workload(disk, 2, o.workload));
  const auto out = simulate(o);
  ASSERT_TRUE(out) << out.error().message;
  // Each of 24 episodes has a row of 2 + 4 tokens of each policy.
  EXPECT_EQ(out->episodes, 24);
  EXPECT_EQ(out->tokens, 24 * 2 * 4);
  EXPECT_EQ(out->trained, 24 * 2 * 6);
  EXPECT_GE(out->seconds, out->bound);
  EXPECT_FALSE(load_workload(disk, 3, o.workload)) << "the run has two policies";
}

TEST(WorkloadFiles, SharesAndSpeakersDecideWhoSpeaks) {
  WorkloadOptions o;
  o.agent_shares = {3, 0, 1};
  o.speakers = {1, 1, 2};
  ASSERT_TRUE(o.check());
  std::vector<double> turns(4, 0);
  double all = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const ChainTurn& turn : draw_chain(o, 3, 1, seed, seed).turns) {
      ++turns[static_cast<std::size_t>(turn.policy + turn.speaker)];
      ++all;
    }
  }
  EXPECT_NEAR(turns[0] / all, 0.75, 0.02);
  EXPECT_EQ(turns[1], 0);
  EXPECT_NEAR(turns[2] / all, 0.125, 0.02);
  EXPECT_NEAR(turns[3] / all, 0.125, 0.02);
}

TEST(WorkloadFiles, OptionsWithoutEffectAreRefused) {
  const auto refused = [](const std::function<void(WorkloadOptions&)>& change) {
    WorkloadOptions o;
    change(o);
    return !o.check();
  };
  EXPECT_TRUE(refused([](auto& o) { o.lengths = "trace"; }));
  EXPECT_TRUE(refused([](auto& o) { o.lengths = "empirical"; }));
  EXPECT_TRUE(refused([](auto& o) { o.trace = "t"; }));
  EXPECT_TRUE(refused([](auto& o) { o.from_run = "r"; }));
  EXPECT_TRUE(refused([](auto& o) { o = traced(), o.answer_median = 3; }));
  EXPECT_TRUE(refused([](auto& o) { o.lengths = "empirical", o.from_run = "r", o.turns = 9; }));
  EXPECT_TRUE(refused([](auto& o) { o.agent_shares = {1, -1}; }));
  EXPECT_TRUE(refused([](auto& o) { o.agent_shares = {0}; }));
  EXPECT_TRUE(refused([](auto& o) { o.agent_shares = {1}, o.zipf = 2; }));
  EXPECT_TRUE(refused([](auto& o) { o.tool_quantiles = {0.5, 1}; }));
  EXPECT_TRUE(refused([](auto& o) { o.tools = "quantiles"; }));
  EXPECT_TRUE(refused([](auto& o) { o.tools = "quantiles", o.tool_quantiles = {0.5, 1, 0.4, 2}; }));
  EXPECT_TRUE(refused([](auto& o) { o.tools = "quantiles", o.tool_quantiles = {0.5, 1, 0.9}; }));
  EXPECT_FALSE(refused([](auto& o) {
    o.tools = "quantiles", o.tool_quantiles = {0.5, 1, 0.9, 2};
  }));
}

}  // namespace
}  // namespace troupe
