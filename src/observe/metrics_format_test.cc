#include "observe/metrics_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/disk.h"
#include "observe/pipeline_format.h"
#include "observe/policy_metrics.h"
#include "observe/test_support.h"

namespace troupe {
namespace {

using nlohmann::json;
using testing::lines_of;
using testing::sample_eval;
using testing::sample_step;
using testing::sample_warm_step;

TEST(MetricsFormat, StepLineHoldsWhatTheFormatPromises) {
  const json line = json::parse(step_line(sample_step(3)));
  EXPECT_EQ(line["kind"], "step");
  EXPECT_EQ(line["step"], 3);
  EXPECT_EQ(line["phase"], "rl");
  EXPECT_DOUBLE_EQ(line["states"]["generate"], 0.6);
  EXPECT_DOUBLE_EQ(line["states"]["wait: rollout tail"], 0.1);
  EXPECT_DOUBLE_EQ(line["generate_tokens_per_second"], 12345);
  const json& policy = line["policies"]["second"];
  for (const char* key :
       {"version", "reward", "success", "response_length", "truncated", "entropy", "gradient_norm",
        "learning_rate", "kl", "clip_fraction", "effective_sample_size", "critic_loss", "staleness",
        "logprob_mismatch", "groups", "filtered_groups", "zero_signal_groups", "tokens_generated",
        "tokens_trained"}) {
    ASSERT_TRUE(policy.contains(key)) << key;
    EXPECT_TRUE(policy[key].is_number()) << key;
  }
  EXPECT_TRUE(policy["version"].is_number_integer());
  EXPECT_EQ(policy["staleness_tokens"], json::array({1000, 2000}));
  EXPECT_EQ(policy["stages"]["generate"], json::array({-0.1, 0.3}));
  EXPECT_EQ(policy["stages"]["publish"], json::array({0.45, 0.46}));
  EXPECT_FALSE(policy["stages"].contains("reward")) << "it did not take place";
  EXPECT_EQ(line["tokens_sampled"], 7000);
  EXPECT_EQ(line["flow"]["spare_tokens"], 40);
  EXPECT_FALSE(line["flow"].contains("limits")) << "none was run into";
  EXPECT_EQ(policy["gradient_norm"], 0.25);
  EXPECT_EQ(policy["tokens_generated"], 3000);
  EXPECT_EQ(policy["skipped"], false);
  EXPECT_EQ(policy["agents"], json::array({"second"}));
}

TEST(MetricsFormat, NonFiniteNumbersAreNull) {
  StepReport report = sample_step(1);
  report.policies[0].gradient_norm = std::numeric_limits<double>::infinity();
  report.policies[0].entropy = std::nan("");
  report.policies[0].skipped = true;
  report.policies[0].skip_reason = "gradient is not finite";
  const std::string text = step_line(report);
  const json line = json::parse(text);
  EXPECT_TRUE(line["policies"]["first"]["gradient_norm"].is_null());
  EXPECT_TRUE(line["policies"]["first"]["entropy"].is_null());
  EXPECT_EQ(line["policies"]["first"]["skip_reason"], "gradient is not finite");

  const auto log = parse_metrics(text + "\n");
  ASSERT_TRUE(log);
  EXPECT_TRUE(std::isnan(log->steps.at(0).policies.at(0).gradient_norm));
}

TEST(MetricsFormat, TextThatIsNotUtf8StillGivesJson) {
  StepReport report = sample_step(1);
  report.policies[0].skip_reason = "bad \xff byte";
  EXPECT_TRUE(json::accept(step_line(report)));
}

TEST(MetricsFormat, ExactNumbersStandWhereThereAreAny) {
  EXPECT_FALSE(json::parse(step_line(sample_step(1))).contains("exact"));
  EXPECT_FALSE(json::parse(eval_line(sample_eval("final", 5, 0.5))).contains("exact"));
  StepReport step = sample_step(1);
  step.exact = {{"nash_conv", 0.1}, {"value", std::nan("")}};
  const json line = json::parse(step_line(step));
  EXPECT_EQ(line["exact"]["nash_conv"], 0.1);
  EXPECT_TRUE(line["exact"]["value"].is_null());
}

TEST(MetricsFormat, ReadsBackWhatItWrote) {
  StepReport step = sample_step(5);
  step.exact = {{"average_nash_conv", 1.0 / 3}, {"nash_conv", 0.25}};
  step.instances = {{"moves", 2}, {"requests", 1200}};
  step.swaps = {{"count", 3}, {"seconds_shown", 0.25}};
  step.policies.front().published = {{"changed_share", 0.1}, {"payload_bytes", 1200}};
  EvalReport eval = sample_eval("step 5", 5, 0.625);
  eval.exact = {{"nash_conv", -1e-17}};
  eval.best = true;
  const auto log = parse_metrics(step_line(step) + "\n" + eval_line(eval) + "\n" +
                                 final_line(testing::sample_final()) + "\n");
  ASSERT_TRUE(log) << log.error().message;
  ASSERT_EQ(log->steps.size(), 1U);
  ASSERT_EQ(log->evals.size(), 1U);
  EXPECT_EQ(step_line(log->steps[0]), step_line(step));
  EXPECT_EQ(log->steps[0].policies.front().published.at("changed_share"), 0.1);
  EXPECT_EQ(eval_line(log->evals[0]), eval_line(eval));
}

TEST(MetricsFormat, ReadsLinesThatHaveNoPipelineYet) {
  json line = json::parse(step_line(sample_step(5)));
  for (const char* key : {"flow", "tokens_sampled"}) line.erase(key);
  for (auto& policy : line["policies"]) {
    policy.erase("stages");
    policy.erase("staleness_tokens");
  }
  const auto log = parse_metrics(line.dump() + "\n");
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(log->steps.at(0).policies.at(0).stages.generate.begin, -1);
  EXPECT_EQ(log->steps.at(0).tokens_sampled, 0);
}

TEST(MetricsFormat, ParseNamesTheBadLineButForgivesAHalfOne) {
  const std::string good = step_line(sample_step(1)) + "\n";
  const auto half = parse_metrics(good + good.substr(0, 40));
  ASSERT_TRUE(half);
  EXPECT_EQ(half->steps.size(), 1U);
  const auto bad = parse_metrics(good + "{\"kind\":\"step\"}\n");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message.find("metrics.jsonl:2:"), 0U) << bad.error().message;
}

TEST(MetricsFormat, KeepsWhatIsBeforeTheCheckpoint) {
  std::string text;
  for (int step = 1; step <= 20; ++step) text += step_line(sample_warm_step(step)) + "\n";
  text += eval_line(sample_eval("warm_start", 0, 0.4)) + "\n";
  for (int step = 1; step <= 6; ++step) text += step_line(sample_step(step)) + "\n";
  text += eval_line(sample_eval("step 6", 6, 0.6)) + "\n";
  CheckpointReport checkpoint;
  for (checkpoint.step = 0; checkpoint.step <= 6; checkpoint.step += 3) {
    text += checkpoint_line(checkpoint) + "\n";
  }
  text += "garbage\n" + final_line(testing::sample_final()) + "\n";
  text += step_line(sample_step(7)).substr(0, 50);

  const auto kept = parse_metrics(kept_metrics(text, 4));
  ASSERT_TRUE(kept) << kept.error().message;
  ASSERT_EQ(kept->steps.size(), 24U);
  EXPECT_EQ(kept->steps[19].phase, "warm_start");
  EXPECT_EQ(kept->steps.back().step, 4);
  ASSERT_EQ(kept->evals.size(), 1U);
  EXPECT_EQ(kept->evals[0].when, "warm_start");
  EXPECT_EQ(lines_of(kept_metrics(text, 6)).size(), 20U + 1 + 6 + 1 + 3);
  EXPECT_EQ(lines_of(kept_metrics(text, 4)).size(), 20U + 1 + 4 + 2) << "checkpoints of 0 and 3";
  EXPECT_EQ(kept_metrics(text, 0), "");
}

TEST(MetricsFormat, SharesSumToOne) {
  const StateSeconds out = shares({{"a", 3}, {"b", 1}});
  EXPECT_DOUBLE_EQ(out.at("a"), 0.75);
  EXPECT_DOUBLE_EQ(out.at("b"), 0.25);
  EXPECT_TRUE(shares({{"a", 0}}).empty());
}

TEST(MetricsFormat, TheDocumentNamesEveryKey) {
  const auto text = make_posix_disk()->read(TROUPE_SOURCE_DIR "/docs/formats/metrics.md");
  ASSERT_TRUE(text) << text.error().message;
  std::vector<std::string> lines = {step_line(sample_step(1)), eval_line(sample_eval("a", 1, 1)),
                                    final_line(testing::sample_final()),
                                    checkpoint_line(CheckpointReport())};
  for (const std::string& line : lines) {
    const json object = json::parse(line);
    for (const auto& [key, value] : object.items()) {
      EXPECT_NE(text->find("`" + key + "`"), std::string::npos) << key;
    }
  }
  for (const PolicyMetric& metric : policy_metrics()) {
    EXPECT_NE(text->find("| `" + std::string(metric.name) + "` |"), std::string::npos)
        << metric.name;
  }
  for (const FlowField& field : flow_fields()) {
    EXPECT_NE(text->find("`" + std::string(field.name) + "`"), std::string::npos) << field.name;
  }
}

TEST(MetricsFormat, LimitsAreReadAsTheyWereWritten) {
  FlowCounts flow;
  flow.retried_episodes = 4;
  flow.limits = {{"memory", 1}, {"time", 2}};
  const nlohmann::ordered_json step = {{"flow", flow_of(flow)}};
  EXPECT_EQ(step["flow"]["limits"]["time"], 2);
  EXPECT_EQ(read_flow(step).limits, flow.limits);
  EXPECT_EQ(read_flow(step).retried_episodes, 4);
}

}  // namespace
}  // namespace troupe
