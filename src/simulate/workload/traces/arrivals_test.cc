#include "simulate/workload/traces/arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/disk.h"

namespace troupe {
namespace {

/// Rows made up in the two formats.
constexpr const char* kAzure =
    "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
    "2024-02-28 23:59:59.5000000,374,44\r\n"
    "2024-02-29 00:00:01.2500000,20,1\r\n"
    "2024-03-01 00:00:00,0,9\r\n";
constexpr const char* kMooncake =
    "{\"timestamp\": 500, \"input_length\": 6758, \"output_length\": 500, \"hash_ids\": [0, 1]}\n"
    "{\"timestamp\": 3500, \"input_length\": 7, \"output_length\": 2, \"hash_ids\": [0]}\n"
    "\n"
    "{\"timestamp\": 1000, \"input_length\": 8, \"output_length\": 3, \"hash_ids\": []}\n";

Result<std::vector<Arrival>> read(const std::string& text) {
  MemoryDisk disk;
  EXPECT_TRUE(disk.write("t", text, false));
  return read_arrivals(disk, "t", "workload.trace");
}

TEST(Arrivals, AzureRowsAreReadAndDatesCounted) {
  const auto rows = read(kAzure);
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_EQ((*rows)[0], (Arrival{0, 374, 44}));
  EXPECT_NEAR((*rows)[1].seconds, 1.75, 1e-6);
  EXPECT_NEAR((*rows)[2].seconds, 86'400.5, 1e-6) << "the leap day lies between";
  EXPECT_EQ((*rows)[2].prompt, 0);
}

TEST(Arrivals, MooncakeRowsAreReadAndSorted) {
  const auto rows = read(kMooncake);
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_EQ((*rows)[0], (Arrival{0, 6758, 500}));
  EXPECT_EQ((*rows)[1], (Arrival{0.5, 8, 3}));
  EXPECT_EQ((*rows)[2], (Arrival{3, 7, 2}));
}

TEST(Arrivals, MistakesNameFileAndLine) {
  const std::string header = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  const std::string good = "2024-02-28 10:00:00.0,1,1\n";
  const auto refused = [](const std::string& text, const std::string& says) {
    const auto rows = read(text);
    ASSERT_FALSE(rows) << text;
    EXPECT_EQ(rows.error().code, ErrorCode::kInvalid);
    EXPECT_NE(rows.error().message.find(says), std::string::npos) << rows.error().message;
  };
  refused("", "empty");
  refused("Timestamp,Model\n", "t:1: is neither the header");
  refused(header, "no rows");
  refused(header + good + "2024-02-28 10:00:00.0,1\n", "t:3: has not the three columns");
  refused(header + good + "2024-02-28 10:00:00.0,1,2,3\n", "t:3: has not the three columns");
  refused(header + "2024-02-30 10:00:00.0,1,2\n", "t:2: TIMESTAMP is no time");
  refused(header + "2024-02-28 24:00:00.0,1,2\n", "TIMESTAMP is no time");
  refused(header + "2024-02-28 10:00:00.,1,2\n", "TIMESTAMP is no time");
  refused(header + "2024-02-28 10:00:-1.0,1,2\n", "TIMESTAMP is no time");
  refused(header + "2024-02-28 10:00:00.0,,2\n", "ContextTokens is not");
  refused(header + "2024-02-28 10:00:00.0,1,2x\n", "GeneratedTokens is not");
  refused(header + "2024-02-28 10:00:00.0,1,0\n", "t:2: an answer of 0 tokens");
  refused(header + "2024-02-28 10:00:00.0,-1,2\n", "t:2: a prompt of -1 tokens");
  refused(header + "2024-02-28 10:00:00.0,1,99999999\n", "an answer of 99999999");
  refused(header + good + "2024-02-28 09:58:00.0,1,1\n", "t:3: comes 120 s before");
  refused("{\"timestamp\": 1, \"input_length\": 2}\n", "t:1: has no number \"output_length\"");
  refused("{\"timestamp\": \"1\"}\n", "t:1: has no number \"timestamp\"");
  refused("{\"timestamp\": 1, \"input_length\": 2.5, \"output_length\": 1}\n", "whole number");
  refused("{\"timestamp\": 1, \"input_length\": 1e18, \"output_length\": 1}\n", "out of range");
  refused("{\"timestamp\": 1,\n", "t:1: is not valid JSON");
  MemoryDisk disk;
  const auto none = read_arrivals(disk, "none.csv", "workload.trace");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("workload.trace: there is no file 'none.csv'"),
            std::string::npos);
}

std::vector<Arrival> every_second(int count) {
  std::vector<Arrival> out;
  for (int i = 0; i < count; ++i) out.push_back({static_cast<double>(i), 100 + i, 10});
  return out;
}

TEST(Arrivals, ScalesRateTokensAndLength) {
  const auto trace = every_second(1000);
  for (const double rate : {0.25, 1.0, 2.5}) {
    ArrivalScale scale;
    scale.rate = rate;
    scale.tokens = 2;
    scale.seconds = 3000;
    const auto out = scale_arrivals(trace, scale);
    ASSERT_TRUE(out);
    // Three rounds of a binomial: five standard deviations.
    EXPECT_NEAR(static_cast<double>(out->size()), 3000 * rate, 5 * std::sqrt(3000 * 0.25) + 2);
    EXPECT_TRUE(std::is_sorted(out->begin(), out->end(), [](const Arrival& a, const Arrival& b) {
      return a.seconds < b.seconds;
    }));
    EXPECT_LT(out->back().seconds, 3000);
    EXPECT_GT(out->back().seconds, 2900) << "the trace is repeated";
    EXPECT_EQ(out->front().answer, 20);
    const auto again = scale_arrivals(trace, scale);
    EXPECT_EQ(*out, *again);
  }
}

TEST(Arrivals, AtScaleOneATraceIsItself) {
  const auto trace = every_second(50);
  const auto out = scale_arrivals(trace, {});
  ASSERT_TRUE(out);
  EXPECT_EQ(*out, trace);
  ArrivalScale later;
  later.from = 40;
  const auto tail = scale_arrivals(trace, later);
  ASSERT_TRUE(tail);
  ASSERT_EQ(tail->size(), 10U);
  EXPECT_EQ(tail->front(), (Arrival{0, 140, 10}));
  later.from = 1000;
  EXPECT_FALSE(scale_arrivals(trace, later));
  ArrivalScale none;
  none.rate = 0;
  EXPECT_FALSE(scale_arrivals(trace, none));
}

}  // namespace
}  // namespace troupe
