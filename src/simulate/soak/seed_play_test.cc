#include "simulate/soak/seed_play.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

std::string said(const SeedReport& report) {
  std::string out = report.file;
  for (const Violation& v : report.violations) out += "\n" + v.law + ": " + v.what;
  return out;
}

TEST(SoakSeed, AFewSeedsBreakNoLaw) {
  std::int64_t compared = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const SeedReport report = play_seed(seed, false);
    EXPECT_TRUE(report.violations.empty()) << "seed " << seed << "\n" << said(report);
    compared += report.compared;
  }
  EXPECT_GT(compared, 0);
}

TEST(SoakSeed, IsAFunctionOfItsSeed) {
  const SeedReport once = play_seed(3, true);
  const SeedReport again = play_seed(3, false);
  EXPECT_EQ(once.digest, again.digest);
  EXPECT_EQ(once.events, again.events);
  EXPECT_GT(once.log.size(), 100U);
  EXPECT_NE(once.digest, play_seed(4, false).digest);
}

}  // namespace
}  // namespace troupe
