#include <gtest/gtest.h>

#include "simulate/soak/seed_play.h"

// Runs in which the soak once found a law broken, each with faults enough to break it again.

namespace troupe {
namespace {

void expect_sound(const std::string& file, int seeds) {
  DrawnRun run;
  run.file = file;
  for (int seed = 1; seed <= seeds; ++seed) {
    const SeedReport report = play_run(run, static_cast<std::uint64_t>(seed), false);
    for (const Violation& v : report.violations) {
      ADD_FAILURE() << "seed " << seed << " breaks the law \"" << v.law << "\": " << v.what;
    }
    if (testing::Test::HasFailure()) return;
  }
}

const char* const kModel = R"(
[model]
width = 8
layers = 1
heads = 1
ffn = 8
max_positions = 32
[optimizer]
learning_rate = 0.01
[algorithm]
entropy_coefficient = 0.01
[eval]
every = 0
episodes = 1
final_episodes = 1
)";

// A step's tasks were chosen without what the step before it saw, but with it after a resume.
TEST(SoakFound, TasksByDifficultyAreThoseOfTheRunWithoutABreak) {
  expect_sound(std::string(kModel) + R"(
[run]
steps = 4
[environment]
name = "guess"
numbers = 3
turns = 2
[rollout]
groups = 2
group_size = 3
retries = 100
max_answer = 2
[experience]
tasks = "difficulty"
task_window = 2
explore = 0.0
[checkpoint]
every = 1
)",
               8);
}

const std::string kOutOfOrder = std::string(kModel) + R"(
[run]
steps = 5
deterministic = false
[environment]
name = "chain"
hops = 2
symbols = 3
[rollout]
groups = 2
group_size = 2
retries = 100
[experience]
selection = "arrival"
flush_seconds = 0.001
disk_timeout = 10
[checkpoint]
every = 1
)";

// A resume admitted groups anew that a step had used ahead of their own, and forgot those that the
// steps had overtaken.
TEST(SoakFound, GroupsTakenOutOfOrderAreUsedOnceAcrossResumes) {
  expect_sound(kOutOfOrder + "[pipeline]\nmode = \"overlap\"\nstaleness = 1.5\n", 10);
  expect_sound(kOutOfOrder + "[pipeline]\nmode = \"overlap\"\nstaleness = 2.5\nupdate = \"keep\"\n",
               10);
}

// After a resume spare groups were complete behind a full batch, and stayed so.
TEST(SoakFound, SpareGroupsArePutOffAfterAResumeToo) {
  std::string file = kOutOfOrder;
  file.erase(file.find("selection = \"arrival\"\n"),
             std::string("selection = \"arrival\"\n").size());
  expect_sound(file + "[pipeline]\ntail = \"redundant_groups\"\ntail_factor = 2.0\n", 8);
}

}  // namespace
}  // namespace troupe
