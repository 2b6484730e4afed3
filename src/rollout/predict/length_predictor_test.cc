#include "rollout/predict/length_predictor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/rng.h"

namespace troupe {
namespace {

LengthKey key(std::string_view task, std::string_view agent = "solver", int turn = 0) {
  LengthKey out;
  out.task = task;
  out.agent = agent;
  out.turn = turn;
  return out;
}

LengthPredictor predictor() { return LengthPredictor(LengthPredictor::Setting{}); }

TEST(LengthPredictorTest, KnowsNothingAtFirst) {
  const LengthPredictor p = predictor();
  const LengthPrediction out = p.predict(key("a"));
  EXPECT_NEAR(out.mean, 512, 1e-9);
  EXPECT_NEAR(out.deviation, 512 * std::sqrt(std::exp(1.0) - 1), 1e-9);
  EXPECT_TRUE(out.fallback);
}

TEST(LengthPredictorTest, LearnsATasksLength) {
  LengthPredictor p = predictor();
  for (int i = 0; i < 100; ++i) {
    p.observe(key("long"), 900);
    p.observe(key("short"), 30);
  }
  EXPECT_NEAR(p.predict(key("long")).mean, 900, 90);
  EXPECT_NEAR(p.predict(key("short")).mean, 30, 6);
  // An unknown task is like both, and uncertain.
  const LengthPrediction other = p.predict(key("other"));
  EXPECT_GT(other.mean, 100);
  EXPECT_LT(other.mean, 900);
  EXPECT_GT(other.deviation / other.mean, 3 * p.predict(key("long")).deviation / 900);
  EXPECT_FALSE(other.fallback);
  EXPECT_TRUE(p.predict(key("long", "verifier")).fallback);
}

TEST(LengthPredictorTest, AFewObservationsOfATaskMoveThePredictionALittle) {
  LengthPredictor p = predictor();
  Rng rng(1);
  for (int i = 0; i < 500; ++i) p.observe(key("common"), std::exp(5 + 0.5 * rng.normal()));
  const double before = p.predict(key("new")).log_mean;
  EXPECT_NEAR(before, 5, 0.2);
  p.observe(key("new"), 2000);  // weighs as much as all the others
  EXPECT_NEAR(p.predict(key("new")).log_mean, (before + std::log(2000.0)) / 2, 0.05);
  for (int i = 0; i < 30; ++i) p.observe(key("new"), 2000);
  EXPECT_NEAR(p.predict(key("new")).mean, 2000, 200);
}

// Each place holds the one observation and is half of the estimate. Two halves far apart are an
// uncertain whole.
TEST(LengthPredictorTest, OneObservationByHand) {
  LengthPredictor p = predictor();
  p.observe(key("a"), 2000);
  const double x = std::log(2000.0);
  double mean = std::log(512.0) - 0.5;
  double variance = 1;
  for (int place = 0; place < 3; ++place) {
    // Of an even mixture: half of one at x without variance, half of the other.
    const double middle = (x + mean) / 2;
    const double square = (x * x + variance + mean * mean) / 2;
    variance = square - middle * middle;
    mean = middle;
  }
  const LengthPrediction out = p.predict(key("a"));
  EXPECT_NEAR(out.log_mean, mean, 1e-9);
  EXPECT_NEAR(out.mean, std::exp(mean + variance / 2), 1e-6 * out.mean);
}

TEST(LengthPredictorTest, ATurnHasItsOwnLength) {
  LengthPredictor p = predictor();
  for (int i = 0; i < 200; ++i) {
    p.observe(key("t" + std::to_string(i), "solver", 0), 300);
    p.observe(key("t" + std::to_string(i), "solver", 1), 100);
  }
  EXPECT_NEAR(p.predict(key("fresh", "solver", 0)).mean, 300, 30);
  EXPECT_NEAR(p.predict(key("fresh", "solver", 1)).mean, 100, 10);
}

TEST(LengthPredictorTest, ConvergesOnLogNormalSamples) {
  LengthPredictor::Setting setting;
  setting.memory = 4096;
  LengthPredictor p(setting);
  Rng rng(2);
  for (int i = 0; i < 20000; ++i) p.observe(key("a"), std::exp(6 + 0.8 * rng.normal()));
  const LengthPrediction out = p.predict(key("a"));
  EXPECT_NEAR(out.log_mean, 6, 0.05);
  EXPECT_NEAR(out.mean, std::exp(6 + 0.32), 0.06 * out.mean);
  EXPECT_NEAR(out.deviation, out.mean * std::sqrt(std::exp(0.64) - 1), 0.1 * out.deviation);
}

TEST(LengthPredictorTest, FollowsAPolicyThatChanges) {
  LengthPredictor p = predictor();
  Rng rng(3);
  for (int i = 0; i < 5000; ++i) p.observe(key("a"), std::exp(4 + 0.3 * rng.normal()));
  for (int i = 0; i < 800; ++i) p.observe(key("a"), std::exp(7 + 0.3 * rng.normal()));
  EXPECT_NEAR(p.predict(key("a")).log_mean, 7, 0.15);
}

TEST(LengthPredictorTest, WhatIsGeneratedCounts) {
  LengthPredictor p = predictor();
  Rng rng(4);
  double beyond = 0;
  double count = 0;
  for (int i = 0; i < 200000; ++i) {
    const double x = std::exp(5 + 0.7 * rng.normal());
    if (i < 3000) p.observe(key("a"), x);
    if (x <= 400) continue;
    beyond += x - 400;
    ++count;
  }
  EXPECT_NEAR(p.predict(key("a"), 400).mean, beyond / count, 0.35 * beyond / count);
}

TEST(LengthPredictorTest, StaysBetweenOneTokenAndTheMost) {
  LengthPredictor::Setting setting;
  setting.most = 1000;
  LengthPredictor p(setting);
  EXPECT_EQ(p.predict(key("a"), 5000).mean, 1);
  EXPECT_LE(p.predict(key("a"), 990).mean, 10);
  for (int i = 0; i < 100; ++i) p.observe(key("a"), 0);  // an empty answer counts as one token
  EXPECT_GE(p.predict(key("a")).mean, 1);
  for (const double generated : {1.0, 100.0, 1e5, 1e12}) {
    const LengthPrediction out = p.predict(key("a"), generated);
    EXPECT_TRUE(std::isfinite(out.mean) && std::isfinite(out.deviation)) << generated;
    EXPECT_GE(out.mean, 1);
  }
}

TEST(LengthPredictorTest, ForgetsTheOldestTasks) {
  LengthPredictor::Setting setting;
  setting.tasks = 2;
  LengthPredictor p(setting);
  for (int i = 0; i < 100; ++i) p.observe(key("a"), 10);
  const double known = p.predict(key("a")).mean;
  for (int i = 0; i < 100; ++i) p.observe(key("b"), 1000);
  EXPECT_NEAR(p.predict(key("a")).mean, known, 2);
  p.observe(key("c"), 1000);
  EXPECT_GT(p.predict(key("a")).mean, 100);  // as any other task
}

TEST(LengthPredictorTest, ReportsItsErrors) {
  LengthPredictor p = predictor();
  EXPECT_EQ(p.errors().count, 0);
  LengthPrediction made;
  made.mean = 200;
  made.log_mean = std::log(100.0);
  made.fallback = true;
  p.score(made, 50);
  made.fallback = false;
  p.score(made, 200);
  p.score(made, 100);
  p.score(made, 50);
  const LengthErrors errors = p.errors();
  EXPECT_EQ(errors.count, 4);
  EXPECT_NEAR(errors.log_error, 0.75 * std::log(2.0), 1e-12);
  EXPECT_NEAR(errors.bias, 2, 1e-12);
  EXPECT_EQ(errors.fallback_share, 0.25);
}

TEST(LengthPredictorTest, IsAFunctionOfItsObservations) {
  LengthPredictor one = predictor();
  LengthPredictor other = predictor();
  Rng rng(5);
  for (int i = 0; i < 500; ++i) {
    const std::string task = std::to_string(rng.below(20));
    const double tokens = 1 + static_cast<double>(rng.below(500));
    one.observe(key(task), tokens);
    other.observe(key(task), tokens);
    EXPECT_EQ(one.predict(key(task), 7).mean, other.predict(key(task), 7).mean);
  }
}

}  // namespace
}  // namespace troupe
