#include "environment/command/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/disk.h"
#include "environment/conformance.h"
#include "environment/test_support.h"

namespace troupe {
namespace {

const std::string kScript =
    std::string(TROUPE_SOURCE_DIR) + "/src/environment/testdata/count_letters.sh";

Settings settings(const std::string& fault = "") {
  return {{{"max_turns", 2}, {"max_answer", 1}},
          {{"alphabet", "pq0123456789>yn"}},
          {},
          {{"command", {"/bin/sh", kScript, fault}}, {"agents", {"a"}}}};
}

std::unique_ptr<CommandSpec> ready(const Settings& chosen, Disk& disk) {
  auto spec = std::make_unique<CommandSpec>(EnvironmentServices{disk});
  bind(*spec, chosen);
  const Status status = spec->prepare();
  EXPECT_TRUE(status) << status.error().message;
  return spec;
}

TEST(Command, PlaysAnEpisode) {
  MemoryDisk disk;
  const auto spec = ready(settings(), disk);
  const Task task = *spec->task(Split::kTrain, 3);
  EXPECT_EQ(task.payload, R"({"index":3,"split":"train"})");
  const Played won = play_answers(*spec, task, {"n", "n"});
  ASSERT_TRUE(won.finished) << won.error->message;
  EXPECT_EQ(won.exchanges.at(0).prompt.text, "p3>");
  EXPECT_EQ(won.exchanges.at(1).prompt.text, ">");
  EXPECT_EQ(won.outcome.rewards, std::vector<double>{1.0});
  EXPECT_TRUE(won.outcome.success);
  EXPECT_FALSE(play_answers(*spec, task, {"n", "y"}).outcome.success);
  EXPECT_TRUE(spec->may_block());
}

TEST(Command, Conforms) {
  MemoryDisk disk;
  const auto spec = ready(settings(), disk);
  const ConformanceReport report = check_conformance(*spec, 4, 1);
  EXPECT_EQ(fmt::format("{}", fmt::join(report.problems, "\n")), "");
  Settings finite = settings();
  finite.integers["tasks"] = 3;
  EXPECT_EQ(check_conformance(*ready(finite, disk), 4, 1).problems, std::vector<std::string>{});
}

TEST(Command, EveryFaultIsAnInfrastructureFailureWithAReason) {
  MemoryDisk disk;
  for (const auto& [fault, wanted] : std::vector<std::pair<std::string, std::string>>{
           {"die", "exit status 3"},
           {"die", "its last errors: \"no luck today\""},
           {"die", R"(expected {"prompts")"},
           {"hang", "waited 0.3 s"},
           {"text", "replied \"hello\""},
           {"list", "not a JSON object"},
           {"agent", "unknown agent 'b'"},
           {"twice", "prompts 'a' twice"},
           {"none", "or empty"},
           {"early", "replied {\"done\":true"},
           {"error", "reports the error \"bad task\""},
           {"long", "max_turns = 2"},
           {"reward", "reward 7 is outside"},
           {"missing", "no reward for 'a'"},
           {"stranger", "rewards the unknown agent 'b'"},
           {"success", "replied {\"done\":true"},
           {"no_limit", "its limit is no name"}}) {
    Settings chosen = settings(fault);
    chosen.numbers["timeout_seconds"] = fault == "hang" ? 0.3 : 10.0;
    const auto spec = ready(chosen, disk);
    const Played played = play_answers(*spec, *spec->task(Split::kTrain, 0), {"y", "y", "y"});
    ASSERT_TRUE(played.error) << fault;
    EXPECT_EQ(played.error->code, ErrorCode::kUnavailable) << fault;
    EXPECT_NE(played.error->message.find(wanted), std::string::npos) << played.error->message;
    EXPECT_NE(played.error->message.find("count_letters.sh"), std::string::npos);
  }
}

TEST(Command, ALimitThatTheActionRanIntoIsAnOutcome) {
  MemoryDisk disk;
  Settings chosen = settings("limit");
  chosen.numbers["min_reward"] = -2.0;
  const auto spec = ready(chosen, disk);
  const Played played = play_answers(*spec, *spec->task(Split::kTrain, 0), {"y"});
  ASSERT_TRUE(played.finished) << played.error->message;
  EXPECT_EQ(played.outcome.limit, "time");
  EXPECT_EQ(played.outcome.rewards, std::vector<double>{-2.0});
  EXPECT_FALSE(played.outcome.success);
}

TEST(Command, ReplacesAProgramThatEndedBetweenEpisodes) {
  MemoryDisk disk;
  Settings chosen = settings("once");  // it ends after each step
  chosen.integers["max_turns"] = 1;
  const auto spec = ready(chosen, disk);
  for (int i = 0; i < 3; ++i) {
    const auto world = spec->make();
    const auto turn = world->reset(*spec->task(Split::kTrain, 0), 1);
    ASSERT_TRUE(turn) << turn.error().message;
  }
  // Within an episode its end is a failure.
  const auto world = spec->make();
  ASSERT_TRUE(world->reset(*spec->task(Split::kTrain, 0), 1));
  (void)world->step({{"a", "y", false}});
  const auto after = world->step({{"a", "y", false}});
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, ErrorCode::kUnavailable);
}

TEST(Command, SaysWhenThereIsNoTeacher) {
  MemoryDisk disk;
  const auto spec = ready(settings("no_teacher"), disk);
  const auto world = spec->make();
  const auto turn = world->reset(*spec->task(Split::kTrain, 0), 1);
  Rng rng(1);
  const auto text = world->demonstrate(turn->prompts.at(0), 0.0, rng);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(world->step({{"a", "y", false}})) << "the episode goes on";
}

TEST(Command, TakesTasksFromAFile) {
  MemoryDisk disk;
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += fmt::format("{{\"index\": {}}}\n", i);
  ASSERT_TRUE(disk.write("tasks.jsonl", rows, false));
  Settings chosen = settings();
  chosen.texts["tasks_path"] = "tasks.jsonl";
  const auto spec = ready(chosen, disk);
  EXPECT_EQ(*spec->size(Split::kTrain) + *spec->size(Split::kHeldOut), 40U);
  EXPECT_TRUE(play_answers(*spec, *spec->task(Split::kHeldOut, 0), {"y", "y"}).finished);
}

TEST(Command, RefusesBadOptions) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.write("tasks.jsonl", "{\"index\": 1}\n", false));
  const auto message = [&](const Settings& chosen) {
    CommandSpec spec({disk});
    bind(spec, chosen);
    const Status status = spec.prepare();
    EXPECT_FALSE(status);
    if (status) return std::string();
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
    return status.error().message;
  };
  EXPECT_NE(message({}).find("environment.command is missing"), std::string::npos);
  EXPECT_NE(message({{}, {}, {}, {{"command", {"/no/such/thing"}}}}).find("/no/such/thing"),
            std::string::npos);
  Settings chosen = settings();
  chosen.lists["agents"] = {"a", "a"};
  EXPECT_NE(message(chosen).find("environment.agents"), std::string::npos);
  chosen = settings();
  chosen.texts["alphabet"] = "abca";
  EXPECT_NE(message(chosen).find("environment.alphabet"), std::string::npos);
  chosen = settings();
  chosen.numbers["min_reward"] = 2.0;
  EXPECT_NE(message(chosen).find("environment.min_reward"), std::string::npos);
  chosen = settings();
  chosen.integers["tasks"] = 5;
  chosen.texts["tasks_path"] = "tasks.jsonl";
  EXPECT_NE(message(chosen).find("remove one"), std::string::npos);
  chosen.integers.erase("tasks");
  EXPECT_NE(message(chosen).find("leaves a split empty"), std::string::npos);
}

TEST(Command, TheExampleInPythonConforms) {
  if (!ChildProcess::start({"python3", "-I", "-c", "pass"})) GTEST_SKIP() << "python3 is not here";
  MemoryDisk disk;
  const std::string example = std::string(TROUPE_SOURCE_DIR) + "/examples/command/guess_parity.py";
  const auto spec = ready({{{"max_answer", 1}},
                           {{"alphabet", "0123456789>eo"}},
                           {},
                           {{"command", {"python3", "-I", example}}, {"agents", {"guesser"}}}},
                          disk);
  EXPECT_EQ(check_conformance(*spec, 8, 1).problems, std::vector<std::string>{});
  int right = 0;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Task task = *spec->task(Split::kTrain, i);
    right += play_episode(*spec, task, i, teacher_player(0.0)).outcome.success ? 1 : 0;
  }
  EXPECT_EQ(right, 20);
}

}  // namespace
}  // namespace troupe
