#include "base/trace.h"

#include <gtest/gtest.h>

#include <thread>

namespace troupe {
namespace {

TEST(Trace, HoldsTheLastEventsAndCountsTheOthers) {
  Trace trace(3);
  for (int i = 0; i < 5; ++i) trace.job(0, "generate", i, i + 1);
  const TraceLog log = trace.take();
  ASSERT_EQ(log.events.size(), 3U);
  EXPECT_EQ(log.events.front().begin, 2);
  EXPECT_EQ(log.dropped, 2);
  EXPECT_EQ(log.names, std::vector<std::string>{"generate"}) << "a name is kept once";
}

TEST(Trace, BeginsAnewAfterItWasTaken) {
  Trace trace(1);
  trace.span("a", "b", "c", 1, 2);
  trace.counter("n", 3, 4);
  EXPECT_EQ(trace.take().dropped, 1);
  trace.span("c", "a", "d", 5, 6, {{"key", "value"}});
  const TraceLog log = trace.take();
  EXPECT_EQ(log.dropped, 0);
  ASSERT_EQ(log.events.size(), 1U);
  const TraceEvent& event = log.events.front();
  EXPECT_EQ(log.names.at(event.track), "c");
  EXPECT_EQ(log.names.at(event.row), "a");
  EXPECT_EQ(log.names.at(event.name), "d");
  ASSERT_NE(event.args, nullptr);
  EXPECT_EQ(event.args->at(0).second, "value");
}

TEST(Trace, TakesEventsFromManyThreads) {
  Trace trace;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int worker = 0; worker < 4; ++worker) {
    threads.emplace_back([&trace, worker] {
      for (int i = 0; i < 1000; ++i) trace.job(worker, i % 2 == 0 ? "even" : "odd", i, i + 1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const TraceLog log = trace.take();
  EXPECT_EQ(log.events.size(), 4000U);
  EXPECT_EQ(log.names.size(), 2U);
}

}  // namespace
}  // namespace troupe
