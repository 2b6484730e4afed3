#include "experience/curation/task_history.h"

#include <gtest/gtest.h>

#include <utility>

#include "base/rng.h"

namespace troupe {
namespace {

GroupKey key(std::int64_t step, std::int64_t index) {
  GroupKey out;
  out.step = step;
  out.index = index;
  return out;
}

TaskOutcome outcome(GroupKey k, const std::string& task, std::int64_t attempts,
                    std::int64_t successes) {
  TaskOutcome out;
  out.key = k;
  out.task = task;
  out.attempts = attempts;
  out.successes = successes;
  if (successes > 0) out.best = PastSuccess{task + "_0_0", k, 0, 1.0};
  return out;
}

Trajectory row(int member, const char* agent, double reward, bool success, const char* id) {
  Trajectory out;
  out.member = member;
  out.agent = agent;
  out.reward = reward;
  out.success = success;
  out.sample_id = id;
  return out;
}

TEST(OutcomeOf, CountsEpisodesNotRows) {
  Group group;
  group.key = key(3, 1);
  group.task = "t";
  group.rows = {row(0, "a", 0, false, "t_1_0"),  row(0, "b", 0, false, "t_1_1"),
                row(1, "a", 0.5, true, "t_1_2"), row(1, "b", 2, true, "t_1_3"),
                row(2, "a", 0.7, true, "t_1_4"), row(2, "b", 0, true, "t_1_5")};
  const TaskOutcome out = outcome_of(group);
  EXPECT_EQ(out.attempts, 3);
  EXPECT_EQ(out.successes, 2);
  EXPECT_EQ(out.best, (PastSuccess{"t_1_4", key(3, 1), 2, 0.7}));
  EXPECT_FALSE(outcome_of(Group{}).best);
}

TEST(TaskHistory, SmoothsTheRateByLaplacesRuleWithForgetting) {
  TaskHistorySettings settings;
  settings.memory = 0.5;
  TaskHistory history(settings);
  EXPECT_EQ(history.success_rate("t"), 0.5);
  EXPECT_EQ(history.find("t"), nullptr);
  history.fold({outcome(key(0, 0), "t", 8, 8)});
  EXPECT_DOUBLE_EQ(history.success_rate("t"), 9.0 / 10.0);
  history.fold({outcome(key(4, 0), "t", 8, 0)});
  EXPECT_DOUBLE_EQ(history.success_rate("t"), 5.0 / 14.0);  // 4 of 12
  ASSERT_NE(history.find("t"), nullptr);
  EXPECT_EQ(history.find("t")->attempts, 16);
  EXPECT_EQ(history.find("t")->successes, 8);
  EXPECT_EQ(history.find("t")->last_step, 4);
  EXPECT_EQ(history.find("t")->best->key, key(0, 0));
}

TEST(TaskHistory, KeepsTheBestSuccessAndOfEqualOnesTheLatest) {
  TaskHistory history;
  const auto with = [](GroupKey k, int member, double reward) {
    TaskOutcome out = outcome(k, "t", 4, 1);
    out.best = PastSuccess{"id", k, member, reward};
    return out;
  };
  history.fold({with(key(1, 0), 0, 0.8)});
  history.fold({with(key(2, 0), 1, 0.9)});
  history.fold({with(key(3, 0), 2, 0.7)});
  EXPECT_EQ(history.find("t")->best->member, 1);
  history.fold({with(key(4, 0), 3, 0.9)});
  EXPECT_EQ(history.find("t")->best->member, 3);
}

std::vector<TaskOutcome> random_step(Rng& rng, std::int64_t step) {
  std::vector<TaskOutcome> out;
  const std::uint64_t n = rng.below(6);
  for (std::uint64_t i = 0; i < n; ++i) {
    const auto attempts = static_cast<std::int64_t>(rng.below(5));
    const auto successes =
        static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(attempts) + 1));
    out.push_back(outcome(key(step, static_cast<std::int64_t>(i)),
                          "task-" + std::to_string(rng.below(7)), attempts, successes));
    if (out.back().best) out.back().best->reward = static_cast<double>(rng.below(3));
  }
  return out;
}

TEST(TaskHistory, DoesNotDependOnTheOrderInWhichGroupsEnd) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    TaskHistorySettings settings;
    settings.most_tasks = 4;
    TaskHistory one(settings);
    TaskHistory other(settings);
    for (std::int64_t step = 0; step < 20; ++step) {
      std::vector<TaskOutcome> outcomes = random_step(rng, step);
      one.fold(outcomes);
      for (std::size_t i = outcomes.size(); i > 1; --i) {
        std::swap(outcomes[i - 1], outcomes[rng.below(i)]);
      }
      other.fold(outcomes);
      ASSERT_EQ(one.to_bytes(), other.to_bytes());
      ASSERT_LE(one.size(), 4U);
    }
  }
}

TEST(TaskHistory, ForgetsWhatWasSeenLongestAgo) {
  TaskHistorySettings settings;
  settings.most_tasks = 2;
  TaskHistory history(settings);
  history.fold({outcome(key(0, 0), "a", 2, 1)});
  history.fold({outcome(key(1, 0), "b", 2, 1)});
  history.fold({outcome(key(2, 0), "a", 2, 1)});
  history.fold({outcome(key(3, 0), "c", 2, 1)});
  EXPECT_EQ(history.find("b"), nullptr);
  EXPECT_NE(history.find("a"), nullptr);
  EXPECT_NE(history.find("c"), nullptr);
}

TEST(TaskHistory, GoesOnFromItsBytesAsIfItHadLivedOn) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    TaskHistory lived;
    for (std::int64_t step = 0; step < 10; ++step) lived.fold(random_step(rng, step));
    auto resumed = TaskHistory::from_bytes(lived.to_bytes());
    ASSERT_TRUE(resumed) << resumed.error().message;
    for (std::int64_t step = 10; step < 20; ++step) {
      const std::vector<TaskOutcome> outcomes = random_step(rng, step);
      lived.fold(outcomes);
      resumed->fold(outcomes);
    }
    EXPECT_EQ(lived.to_bytes(), resumed->to_bytes());
    for (const char* task : {"task-0", "task-3", "unknown"}) {
      EXPECT_EQ(lived.success_rate(task), resumed->success_rate(task));
    }
  }
}

TEST(TaskHistory, RefusesDamagedBytes) {
  TaskHistory history;
  history.fold({outcome(key(0, 0), "a", 2, 1), outcome(key(0, 1), "b", 2, 0)});
  const std::string good = history.to_bytes();
  for (std::size_t n = 0; n < good.size(); ++n) {
    EXPECT_FALSE(TaskHistory::from_bytes(good.substr(0, n))) << n;
  }
  EXPECT_FALSE(TaskHistory::from_bytes(good + "x"));
  // Whatever is changed, it is refused, or read as another history that writes the same bytes.
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      const auto read = TaskHistory::from_bytes(bad);
      if (!read) continue;
      EXPECT_EQ(read->to_bytes(), bad) << i;
    }
  }
}

}  // namespace
}  // namespace troupe
