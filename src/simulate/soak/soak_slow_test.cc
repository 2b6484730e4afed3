#include "simulate/soak/soak.h"

#include <gtest/gtest.h>

#include "base/shown_test_support.h"

namespace troupe {
namespace {

// As many seeds as fit a minute or so; `make soak` goes on from there.
TEST(Soak, NoSeedBreaksALaw) {
  const SoakTotals totals = play_seeds(1, 2000, [](const SeedReport& report) {
    if (!report.violations.empty()) ADD_FAILURE() << failure_text({report.seed, report.violations});
  });
  show("The soak played " + soak_text(totals));
  EXPECT_GT(totals.compared, totals.seeds / 2);
  // Every kind of fault came about.
  for (const char* fault : {"death in a disk call",
                            "death at an instant",
                            "interruption",
                            "nothing is lost",
                            "power loss, all that was not synced",
                            "power loss, some of what was not synced",
                            "a disk call fails",
                            "disk full for a while",
                            "disk fails for a while",
                            "slow jobs",
                            "a trainer fails",
                            "an environment fails",
                            "instance: a reply is lost",
                            "instance: a reply is late",
                            "instance: a reply comes twice",
                            "instance: an error",
                            "instance: cut off",
                            "instance: dies",
                            "instance: does not load",
                            "instance: garbage",
                            "instance: hangs"}) {
    EXPECT_GT(totals.counts.contains(fault) ? totals.counts.at(fault) : 0, 100) << fault;
  }
}

}  // namespace
}  // namespace troupe
