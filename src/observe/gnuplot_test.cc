#include "observe/gnuplot.h"

#include <gtest/gtest.h>

#include "observe/curve.h"
#include "observe/test_support.h"
#include "observe/waterfall.h"

namespace troupe {
namespace {

using testing::sample_eval;
using testing::sample_step;

bool absent(const Result<std::string>& svg) {
  return !svg && svg.error().code == ErrorCode::kNotFound;
}

TEST(Gnuplot, DrawsTheCurveOfAThousandSteps) {
  std::vector<StepReport> steps;
  for (int step = 1; step <= 1000; ++step) steps.push_back(sample_step(step, 1000));
  const auto svg = run_gnuplot(
      curve_script("it's a \"test\" & more", steps, {sample_eval("warm_start", 0, 0.4)}));
  if (absent(svg)) GTEST_SKIP() << "gnuplot is not installed";
  ASSERT_TRUE(svg) << svg.error().message;
  for (const char* part : {"<svg", "</svg>", "it's a \"test\" &amp; more", "mean reward",
                           "share of episodes solved", ">second<", "held-out evaluation"}) {
    EXPECT_NE(svg->find(part), std::string::npos) << part;
  }
}

TEST(Gnuplot, DrawsTheWaterfallOfTwoPolicies) {
  const auto svg = run_gnuplot(waterfall_script("it's", {sample_step(1), sample_step(2)}, 0));
  if (absent(svg)) GTEST_SKIP() << "gnuplot is not installed";
  ASSERT_TRUE(svg) << svg.error().message;
  for (const char* part : {"</svg>", "it's", ">2 second<", ">generate<", ">publish<"}) {
    EXPECT_NE(svg->find(part), std::string::npos) << part;
  }
}

TEST(Gnuplot, ABadScriptGivesItsWords) {
  const auto svg = run_gnuplot("set terminal svg\nplot nonsense(\n");
  if (absent(svg)) GTEST_SKIP() << "gnuplot is not installed";
  ASSERT_FALSE(svg);
  EXPECT_EQ(svg.error().code, ErrorCode::kIo);
  EXPECT_NE(svg.error().message.find("expr"), std::string::npos) << svg.error().message;
}

}  // namespace
}  // namespace troupe
