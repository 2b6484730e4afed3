#include "simulate/studies/study.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "simulate/studies/study_report.h"

namespace troupe {
namespace {

Study two_rows() {
  Study out;
  out.name = "example";
  out.rows = {{"small", kStepSeconds, "plain", {10, 20, 30}, 20},
              {"small", kStepSeconds, "ours", {5, 10, 10}, 0},
              {"small", "share busy", "ours", {0.5, 0.6, 0.7}, 0}};
  out.claims = {
      {"ours over plain", 1.5, 2.5,
       times_faster(seconds_of(out, "small", "plain"), seconds_of(out, "small", "ours")), ""},
      {"plain over ours", 1.2, 1.2, {0.5, 0.5, 0.3}, "as it should be"}};
  return out;
}

TEST(Study, ComparesDrawByDraw) {
  const Study study = two_rows();
  EXPECT_EQ(study.claims.front().simulated, (std::vector<double>{2, 2, 3}));
  EXPECT_TRUE(seconds_of(study, "large", "plain").empty());
}

TEST(Study, SaysWhichWayAClaimWent) {
  const auto json = nlohmann::json::parse(study_json(two_rows()));
  EXPECT_EQ(json["claims"][0]["direction"], "same");
  EXPECT_EQ(json["claims"][1]["direction"], "OPPOSITE");
  EXPECT_DOUBLE_EQ(json["rows"][0]["simulated"]["p50"], 20);
}

TEST(Study, GivesEachQuantityATable) {
  const std::string text = study_markdown(two_rows());
  EXPECT_NE(text.find("| seconds of a step |"), std::string::npos) << text;
  EXPECT_NE(text.find("| share busy |"), std::string::npos) << text;
  EXPECT_NE(text.find("| plain | 20.0 | 20.0 (12.0 to 28.0) | 33% |"), std::string::npos) << text;
}

TEST(Study, QuantilesAreLinearBetweenValues) {
  EXPECT_EQ(quantile({}, 0.5), 0);
  EXPECT_EQ(quantile({3, 1, 2}, 0.5), 2);
  EXPECT_DOUBLE_EQ(quantile({0, 10}, 0.1), 1);
  EXPECT_EQ(quantile({1, 2, 3}, 1), 3);
}

}  // namespace
}  // namespace troupe
