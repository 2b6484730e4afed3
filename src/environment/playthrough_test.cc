#include <cstdlib>

#include "base/disk.h"
#include "environment/registry.h"
#include "environment/test_support.h"

namespace troupe {
namespace {

const std::string kFolder = std::string(TROUPE_SOURCE_DIR) + "/src/environment/testdata/";

std::string playthroughs(const EnvironmentSpec& spec) {
  std::string out;
  for (Split split : {Split::kTrain, Split::kHeldOut}) {
    for (std::uint64_t index : {0, 1, 2}) {
      const Result<Task> task = spec.task(split, index);
      EXPECT_TRUE(task);
      const std::uint64_t seed = seed_join(index, task->id);
      out += playthrough_text(play_episode(spec, *task, seed, teacher_player(0.5)));
      out += playthrough_text(play_episode(
          spec, *task, seed, random_player(spec.alphabet(), static_cast<std::size_t>(3))));
    }
  }
  return out;
}

/// Compares with the golden file, or writes it if TROUPE_REGENERATE is set.
void expect_golden(const std::string& name, const Settings& settings) {
  const auto disk = make_posix_disk();
  const auto spec = make_environment(name, {*disk});
  ASSERT_TRUE(spec);
  bind(**spec, settings);
  const Status ready = (*spec)->prepare();
  ASSERT_TRUE(ready) << ready.error().message;
  const std::string played = playthroughs(**spec);
  const std::string path = kFolder + "playthrough_" + name + ".txt";
  if (std::getenv("TROUPE_REGENERATE") != nullptr) {
    ASSERT_TRUE(disk->write(path, played, false));
  }
  const Result<std::string> golden = disk->read(path);
  ASSERT_TRUE(golden) << golden.error().message;
  EXPECT_EQ(played, *golden);
}

TEST(Playthrough, Sort) { expect_golden("sort", {}); }
TEST(Playthrough, Countdown) { expect_golden("countdown", {}); }
TEST(Playthrough, Guess) { expect_golden("guess", {}); }
TEST(Playthrough, Chain) { expect_golden("chain", {{{"hops", 3}, {"skew", 2}}, {}, {}, {}}); }

TEST(Playthrough, SolverVerifier) {
  expect_golden("solver_verifier", {{{"candidates", 2}, {"eval_candidates", 3}}, {}, {}, {}});
}
TEST(Playthrough, Kuhn) { expect_golden("kuhn", {}); }

TEST(Playthrough, Dataset) {
  expect_golden("dataset",
                {{}, {{"path", kFolder + "questions.jsonl"}}, {{"held_out_share", 0.4}}, {}});
}

TEST(Playthrough, Command) {
  expect_golden("command",
                {{{"max_turns", 2}, {"max_answer", 1}},
                 {{"alphabet", "pq0123456789>yn"}},
                 {},
                 {{"command", {"/bin/sh", kFolder + "count_letters.sh"}}, {"agents", {"a"}}}});
}

}  // namespace
}  // namespace troupe
