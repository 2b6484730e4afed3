#include "rollout/concurrency.h"

#include "rollout/workflow/workflow_test_support.h"

namespace troupe {
namespace {

struct Load {
  int now = 0, most = 0;
  std::vector<std::int64_t> order;
};

Async<void> answer(Executor& executor, Concurrency& budget, std::int64_t ticket, Load& load,
                   Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  auto place = co_await budget.enter(ticket);
  EXPECT_TRUE(place);
  load.order.push_back(ticket);
  load.most = std::max(load.most, ++load.now);
  co_await sleep_for(executor, kMillisecond);
  --load.now;
}

Async<Status> all(Executor& executor, Concurrency& budget, std::vector<std::int64_t> tickets,
                  Load& load) {
  Gate gate(executor);
  for (const std::int64_t ticket : tickets) {
    spawn(answer(executor, budget, ticket, load, Gate::Pass(gate)));
  }
  Status done = co_await gate.wait_empty(Wait(kSecond, "answers"));
  co_return done;
}

TEST(Concurrency, NeverMoreThanTheLimitAndTheOldestIsNext) {
  const auto executor = make_virtual_executor({});
  Concurrency budget(*executor, 2);
  Load load;
  const Status done = executor->run(all(*executor, budget, {9, 8, 5, 7, 5, 1}, load));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(load.order, (std::vector<std::int64_t>{9, 8, 1, 5, 5, 7}));
  EXPECT_EQ(load.most, 2);
  EXPECT_EQ(budget.held(), 0);
  EXPECT_EQ(budget.waiting(), 0);
  EXPECT_EQ(executor->now(), 3 * kMillisecond);
}

/// A tree in which episodes that have forked wait for branches, which wait for places.
TEST(Concurrency, EpisodesThatForkUnderABudgetOfOneEnd) {
  for (const std::int64_t limit : {1, 2, 3, 100}) {
    WorkflowStage stage("tree_search", {{"width", 4}, {"depth", 2}},
                        [](auto&, auto&, auto) { return "abc"; });
    Concurrency budget(*stage.executor, limit);
    const auto record = stage.play("bca", 1, &budget);
    ASSERT_TRUE(record) << record.error().message;
    // Two levels of 4 answers and a verdict on each: no place is empty while somebody waits.
    const Nanos rounds = 2 * std::max<Nanos>(2, (8 + limit - 1) / limit);
    EXPECT_EQ(stage.executor->now(), rounds * kMillisecond) << limit;
  }
}

/// What depends on nothing fills the places that dependent branches cannot use.
TEST(Concurrency, IndependentAnswersGoOnWhileDependentOnesWait) {
  WorkflowStage stage("tree_search", {{"width", 3}}, [](auto&, auto&, auto) { return "abc"; });
  int solvers = 0;
  stage.duration = [&](const std::string& agent, const std::string&) {
    return agent == "solver" && solvers++ == 0 ? 10 * kMillisecond : kMillisecond;
  };
  Concurrency budget(*stage.executor, 2);
  ASSERT_TRUE(stage.play("bca", 1, &budget));
  // The first branch's critic waits for its solver; the others' four answers pass by it.
  ASSERT_EQ(stage.asked.size(), 6U);
  EXPECT_EQ(stage.asked[3].at, 4 * kMillisecond);
  EXPECT_EQ(stage.asked[4].at, 10 * kMillisecond);
  EXPECT_EQ(stage.asked[5].at, 11 * kMillisecond);
}

}  // namespace
}  // namespace troupe
