#include "train/advantage/role_baseline.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

Trajectory row(const std::string& agent, double reward) {
  Trajectory out;
  out.agent = agent;
  out.reward = reward;
  return out;
}

TEST(RoleBaseline, MeasuresEachAgentAgainstItsOwnPast) {
  RoleBaseline baseline;
  const std::vector<Trajectory> rows = {row("first", 1), row("second", -1)};
  EXPECT_EQ(baseline.advantages(rows), (std::vector<double>{1, -1})) << "nothing known yet";
  baseline.update({{"first", 1}, {"second", -1}, {"first", 0}}, 0.5);
  // first: 0.5, then 0.25. second: -0.5.
  EXPECT_EQ(baseline.advantages(rows), (std::vector<double>{0.75, -0.5}));
  EXPECT_EQ(baseline.advantages({row("third", 2)}), (std::vector<double>{2}));
}

TEST(RoleBaseline, AsksForTheBatchInOrder) {
  RoleBaseline forth;
  RoleBaseline back;
  forth.update({{"a", 1}, {"a", 0}}, 0.5);
  back.update({{"a", 0}, {"a", 1}}, 0.5);
  EXPECT_NE(forth.averages(), back.averages());
  back.restore(forth.averages());
  EXPECT_EQ(forth.averages(), back.averages());
}

}  // namespace
}  // namespace troupe
