#include "observe/report_pipeline.h"

#include <gtest/gtest.h>

#include <cmath>

#include "observe/pipeline_format.h"
#include "observe/test_support.h"

namespace troupe {
namespace {

using testing::sample_final;
using testing::sample_step;
using testing::sample_warm_step;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ReportPipeline, StagesAreMeansOverTheRlSteps) {
  const std::string text = stages_table({sample_warm_step(1), sample_step(1), sample_step(2)});
  // Generating begins at 0 and -0.1 s, and lasts 0.3 and 0.4 s of steps of 0.5 s.
  EXPECT_TRUE(has(text, "| first  | generate  |    -0.0500 |    0.3500 |     70.0% |")) << text;
  EXPECT_TRUE(has(text, "|        | publish   |     0.4500 |    0.0100 |      2.0% |")) << text;
  EXPECT_FALSE(has(text, "reward"));
  EXPECT_EQ(stages_table({sample_warm_step(1)}), "");
}

TEST(ReportPipeline, StalenessAddsUpOverTheRun) {
  const std::string text = staleness_table({sample_step(1), sample_step(2)});
  EXPECT_TRUE(has(text, "| first (mean 0)")) << text;
  EXPECT_TRUE(has(text, " 1 |             4,000 |  66.7% |")) << text;
  EXPECT_TRUE(has(text, "second (mean 0.667)")) << text;
}

TEST(ReportPipeline, EveryTokenIsInOneRow) {
  StepReport last = sample_step(2);
  last.flow.filtered_tokens = 300;
  last.flow.put_off_tokens = 200;
  last.flow.failed_tokens = 100;
  last.flow.resumed_answers = 5;
  last.flow.retried_episodes = 3;
  last.flow.limits = {{"memory", 2}};
  last.policies[1].skipped = true;
  const std::string text = tokens_table({sample_warm_step(1), sample_step(1), last});
  // Of 14,000: trained 9,000, skipped 3,000, 300 + 200 + 100 + twice 40; 1,320 are left.
  for (const char* part : {" 14,000 | 100.0% |", " 9,000 |  64.3% |", " 3,000 |  21.4% |",
                           " 300 |   2.1% |", " 200 |   1.4% |", " 100 |   0.7% |",
                           " 80 |   0.6% |", " 1,320 |   9.4% |", "5 answers were interrupted",
                           "played again 3 times", "2 episodes ended at the limit memory"}) {
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
  }
  EXPECT_EQ(tokens_table({}), "");
}

TEST(ReportPipeline, WhatAJournalGaveBackIsARowOfItsOwn) {
  StepReport step = sample_step(1);
  step.tokens_sampled = 3000;  // of 6,040 that were trained on or spare
  const std::string text = tokens_table({step});
  for (const char* part : {" 6,040 | 100.0% |", " 3,040 |  50.3% |", " 6,000 |  99.3% |"}) {
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
  }
}

TEST(ReportPipeline, AddsUpWhatSwapsCost) {
  StepReport step = sample_step(1);
  EXPECT_EQ(swaps_table({step}), "");
  step.swaps = {{"count", 600},
                {"bytes_in", 3 << 20},
                {"bytes_out", 0},
                {"seconds_hidden", 1.5},
                {"seconds_shown", 0.25}};
  const std::string text = swaps_table({step, step});
  for (const char* part : {"1,200", "6.0", "3.00", "0.50"}) {
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
  }
}

TEST(ReportPipeline, SaysWhatAPoolOfInstancesDid) {
  StepReport step = sample_step(1);
  EXPECT_EQ(instances_table({step}), "");
  step.instances = {{"requests", 1200},
                    {"moves", 3},
                    {"lost", 0},
                    {"length_log_error.first", std::log(2.0)},
                    {"length_bias.first", 1.25}};
  const std::string text = instances_table({sample_step(1), step});
  EXPECT_TRUE(has(text, "1,200")) << text;
  EXPECT_TRUE(has(text, "moved to another policy"));
  EXPECT_FALSE(has(text, "instances lost")) << "what did not happen is left out";
  EXPECT_TRUE(has(text, "off by a factor of 2.00 on average, and 1.25 times"));
}

TEST(ReportPipeline, SaysWhatPublishingTook) {
  StepReport first = sample_step(1), second = sample_step(2);
  EXPECT_EQ(published_table({first, second}), "");
  PolicyStep& policy = first.policies.front();
  policy.published = {{"payload_bytes", 4e6}, {"full_bytes", 4e6}, {"seconds", 9}};
  EXPECT_EQ(published_table({first}), "") << "the first version has none before it";
  second.policies.front().published = {
      {"changed_share", 0.01}, {"payload_bytes", 10000}, {"full_bytes", 4e6}, {"seconds", 0.5}};
  StepReport third = second;
  third.policies.front().published["changed_share"] = 0.03;
  third.policies.front().published["payload_bytes"] = 30000;
  const std::string text = published_table({first, second, third});
  for (const char* part : {"2%", "20,000", "4,000,000", "200.0", "0.500"}) {
    EXPECT_TRUE(has(text, part)) << part << " in " << text;
  }
}

TEST(ReportPipeline, NamesTheLongestWaitOfTheWorkersOnly) {
  const FinalReport report = sample_final();
  EXPECT_EQ(longest_wait(report.states),
            "The workers waited most for **orders**: 8.40 s, 10.1% of their time.");
  EXPECT_EQ(longest_wait({{"worker 0", {{"generate", 1}}}}), "");
}

TEST(PipelineFormat, MeanStalenessWeighsByTokens) {
  EXPECT_DOUBLE_EQ(mean_staleness({1000, 2000, 0, 1000}), 1.25);
  EXPECT_TRUE(std::isnan(mean_staleness({})));
}

}  // namespace
}  // namespace troupe
