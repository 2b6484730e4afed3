#include "observe/trace_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

#include "base/executor.h"

namespace troupe {
namespace {

using nlohmann::json;

/// Checks what any reader relies on: every beginning has its end, and neither a worker's jobs nor
/// the spans of one id overlap. Gives how many events there are of each phase.
std::map<std::string, int> check(const std::string& text) {
  std::map<std::string, int> count;
  const json trace = json::parse(text);
  std::map<std::pair<int, int>, std::vector<std::pair<double, double>>> jobs;
  std::map<std::tuple<int, std::string, std::string>, std::vector<json>> open;
  std::set<int> named;
  for (const json& event : trace.at("traceEvents")) {
    const auto phase = event.at("ph").get<std::string>();
    ++count[phase];
    if (phase == "M") {
      if (event.at("name") == "process_name") named.insert(event.at("pid").get<int>());
      continue;
    }
    const int pid = event.at("pid").get<int>();
    EXPECT_TRUE(named.contains(pid)) << "an event before its track has a name";
    const auto at = event.at("ts").get<double>();
    if (phase == "X") {
      EXPECT_GE(event.at("dur").get<double>(), 0);
      jobs[{pid, event.at("tid").get<int>()}].emplace_back(at, at + event.at("dur").get<double>());
    }
    if (phase != "b" && phase != "e") continue;
    auto& begun =
        open[{pid, event.at("cat").get<std::string>(), event.at("id").get<std::string>()}];
    if (phase == "b") {
      EXPECT_TRUE(begun.empty()) << "two spans of one id overlap: " << event;
      begun.push_back(event);
      continue;
    }
    if (begun.empty()) {
      ADD_FAILURE() << "an end without a beginning: " << event;
      continue;
    }
    EXPECT_EQ(begun.back().at("name"), event.at("name"));
    EXPECT_LE(begun.back().at("ts").get<double>(), at);
    begun.pop_back();
  }
  for (const auto& [id, begun] : open) EXPECT_TRUE(begun.empty()) << "a beginning without an end";
  for (auto& [worker, spans] : jobs) {
    std::sort(spans.begin(), spans.end());
    for (std::size_t i = 1; i < spans.size(); ++i) {
      EXPECT_LE(spans[i - 1].second, spans[i].first + 1e-3);  // a nanosecond of rounding
    }
  }
  return count;
}

Async<void> some_jobs(Executor& executor, int jobs, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  for (int i = 0; i < jobs; ++i) {
    const Nanos began = executor.now();
    co_await on_worker(executor, i % 2 == 0 ? "generate" : "backward", 0, [] {});
    if (Trace* trace = executor.trace()) {
      trace->span("groups", "in flight", "job", began, executor.now());
    }
  }
}

Async<Status> many(Executor& executor) {
  Gate gate(executor);
  for (int i = 0; i < 5; ++i) spawn(some_jobs(executor, 20, Gate::Pass(gate)));
  Status done = co_await gate.wait_empty(Wait(60 * kSecond, "the jobs"));
  co_return done;
}

TEST(TraceJson, JobsOfEitherExecutorAreOnTheirWorkersTracks) {
  for (const bool live : {true, false}) {
    Trace trace;
    {
      VirtualOptions options;
      options.workers = 3;
      const auto executor = live ? make_live_executor(3) : make_virtual_executor(options);
      executor->set_trace(&trace);
      ASSERT_TRUE(executor->run(many(*executor)));
    }
    auto count = check(trace_json(trace.take()));
    EXPECT_EQ(count["X"], 100);
    EXPECT_EQ(count["b"], 100);
    EXPECT_EQ(count["e"], 100);
  }
}

TEST(TraceJson, WithoutATraceNothingIsRecorded) {
  const auto executor = make_virtual_executor({});
  EXPECT_EQ(executor->trace(), nullptr);
  EXPECT_TRUE(executor->run(many(*executor)));
}

TEST(TraceJson, SpansThatOverlapGetIdsOfTheirOwn) {
  Trace trace;
  trace.span("groups", "in flight", "a", 0, 3000);
  trace.span("groups", "in flight", "c", 3000, 4000);
  trace.span("groups", "in flight", "b", 1000, 5000, {{"task", "say \"hi\" \xff"}});
  trace.span("policy first", "backward", "backward", 0, 1'234'567);
  trace.counter("groups in flight", 1500, 2);
  const std::string text = trace_json(trace.take());
  check(text);
  const json parsed = json::parse(text);
  std::map<std::string, json> begins;
  for (const json& event : parsed["traceEvents"]) {
    if (event["ph"] == "b") begins[event["name"].get<std::string>()] = event;
    if (event["ph"] == "C") {
      EXPECT_EQ(event["args"]["value"], 2);
    }
    if (event["ph"] == "e" && event["name"] == "backward") {
      EXPECT_EQ(event["ts"], 1234.567);
    }
  }
  EXPECT_EQ(begins["a"]["id"], begins["c"]["id"]) << "c begins when a has ended";
  EXPECT_NE(begins["a"]["id"], begins["b"]["id"]);
  EXPECT_NE(begins["a"]["pid"], begins["backward"]["pid"]) << "each track has a process";
  EXPECT_EQ(begins["b"]["args"]["task"].get<std::string>().substr(0, 8), "say \"hi\"");
}

TEST(TraceJson, ALongRunKeepsItsEndAndSaysSo) {
  Trace trace(10);
  for (std::int64_t i = 0; i < 25; ++i) trace.job(0, "generate", i * 100, i * 100 + 50);
  const json parsed = json::parse(trace_json(trace.take()));
  EXPECT_EQ(parsed["otherData"]["dropped_events"], 15);
  EXPECT_EQ(check(parsed.dump())["X"], 10);
  EXPECT_EQ(parsed["traceEvents"].back()["ts"], 2.4);
}

TEST(TraceJson, AnEmptyLogIsATrace) { EXPECT_EQ(check(trace_json({})).count("X"), 0U); }

}  // namespace
}  // namespace troupe
