#include "observe/json_summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "observe/test_support.h"

namespace troupe {
namespace {

using nlohmann::json;
using testing::Collected;
using testing::sample_eval;
using testing::sample_final;
using testing::sample_info;
using testing::sample_step;
using testing::sample_warm_step;

json summary_of(const FinalReport& final, int steps) {
  MemoryDisk disk;
  Collected out;
  Collected errors;
  Complaints complaints(errors.sink());
  RunHistory history(disk, complaints);
  JsonSummary summary(history, out.sink(), complaints);
  history.on_start(sample_info());
  history.on_step(sample_warm_step(1));
  history.on_eval(sample_eval("warm_start", 0, 0.412));
  for (int step = 1; step <= steps; ++step) history.on_step(sample_step(step));
  summary.on_finish(final);
  EXPECT_EQ(errors.text, "");
  EXPECT_EQ(testing::lines_of(out.text).size(), 1U);
  return json::parse(out.text);
}

TEST(JsonSummary, HoldsWhatProgramsAskFor) {
  const json out = summary_of(sample_final(), 3);
  EXPECT_EQ(out["status"], "finished");
  EXPECT_EQ(out["steps"], 40);
  EXPECT_DOUBLE_EQ(out["rl_seconds"], 61.2);
  EXPECT_EQ(out["peak_bytes"], 123 << 20);
  EXPECT_DOUBLE_EQ(out["warm_start"]["success"], 0.412);
  EXPECT_EQ(out["warm_start"]["episodes"], 1000);
  EXPECT_DOUBLE_EQ(out["warm_start"]["temperature"], 1);
  EXPECT_DOUBLE_EQ(out["warm_start"]["seconds"], 12.5);
  EXPECT_DOUBLE_EQ(out["final"]["success"], 0.973);
  EXPECT_DOUBLE_EQ(out["final"]["response_length"], 3.5);
  EXPECT_EQ(out["final"]["weights_digest"], "5566eeff");
  EXPECT_EQ(out["policies"]["second"]["weights_digest"], "33cc44dd");
  EXPECT_EQ(out["policies"]["second"]["version"], 2);
  EXPECT_EQ(out["policies"]["second"]["gradient_norm"], 0.25);
  EXPECT_EQ(out["policies"]["second"]["logprob_mismatch"], 0.0);
  EXPECT_DOUBLE_EQ(out["policies"]["second"]["generate_tokens_per_second"], 6000);
  EXPECT_DOUBLE_EQ(out["policies"]["second"]["train_tokens_per_second"], 5000);
  EXPECT_EQ(out["run_folder"], "run");
  EXPECT_EQ(out["report"], "run/report.md");
  EXPECT_EQ(out["checkpoint"], "run/checkpoints/step-000040");

  double total = 0;
  for (const auto& [state, share] : out["states"].items()) total += share.get<double>();
  EXPECT_NEAR(total, 1, 1e-5);
  EXPECT_NEAR(out["states"]["generate"].get<double>(), 50 / 166.8, 1e-6);
  EXPECT_NEAR(out["workers"]["worker 0"]["generate"].get<double>(), 50 / 83.4, 1e-6);

  ASSERT_EQ(out["steps_log"].size(), 4U);
  EXPECT_EQ(out["steps_log"][0]["phase"], "warm_start");
  EXPECT_EQ(out["steps_log"][3]["step"], 3);
  EXPECT_EQ(out["steps_log"][3]["policies"]["first"]["tokens_trained"], 2500);
  EXPECT_EQ(out["evaluations"].size(), 1U);
}

TEST(JsonSummary, ARunThatFailedAtOnceStillGivesTheObject) {
  FinalReport final;
  final.status = "failed";
  final.message = "three steps in a row were not finite";
  final.seconds = std::nan("");
  const json out = summary_of(final, 0);
  EXPECT_EQ(out["status"], "failed");
  EXPECT_TRUE(out["warm_start"].is_null());
  EXPECT_EQ(out["final"]["weights_digest"], "");
  EXPECT_TRUE(out["seconds"].is_null());
  EXPECT_TRUE(out["states"].empty());
}

}  // namespace
}  // namespace troupe
