#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "train/advantage/advantage.h"
#include "train/advantage/gae.h"
#include "train/advantage/role_baseline.h"
#include "train/advantage/turns.h"

namespace troupe {
namespace {

using Kind = AdvantageSettings::Kind;

std::vector<Scored> scored(const std::vector<double>& rewards) {
  std::vector<Scored> out;
  for (const double r : rewards) out.push_back({"a", r});
  return out;
}

std::vector<double> whole_rows(Kind kind, const std::vector<double>& rewards) {
  AdvantageSettings settings;
  settings.kind = kind;
  return group_advantages(settings, scored(rewards));
}

std::vector<double> returns(const std::vector<double>& rewards, double discount) {
  Trajectory row;
  for (const double r : rewards) {
    row.segments.emplace_back();  // what was shown
    Segment answer;
    answer.sampled = true;
    answer.tokens = {1, 2};
    answer.reward = r;
    row.segments.push_back(answer);
  }
  return turn_returns(row, discount);
}

/// What our code makes of a line whose kind and inputs are given.
std::vector<double> ours(const std::string& kind, const std::vector<double>& settings,
                         const std::vector<double>& rewards, const std::vector<double>& values) {
  if (kind == "grpo") return whole_rows(Kind::kGrpo, rewards);
  if (kind == "dr_grpo") return whole_rows(Kind::kDrGrpo, rewards);
  if (kind == "rloo") return whole_rows(Kind::kRloo, rewards);
  if (kind == "gae") return gae(rewards, values, settings[0], settings[1]).advantages;
  if (kind == "returns") return returns(rewards, settings[0]);
  RoleBaseline baseline;
  baseline.update(scored(rewards), settings[0]);
  return {baseline.averages().at("a")};
}

/// Made from the definitions by testdata/make_advantage_golden.py, in exact fractions.
TEST(AdvantageGolden, EveryFormulaGivesWhatItsDefinitionGives) {
  const std::map<std::string, std::size_t> settings_of = {
      {"grpo", 0}, {"dr_grpo", 0}, {"rloo", 0}, {"gae", 2}, {"returns", 1}, {"baseline", 1}};
  std::ifstream file(TROUPE_SOURCE_DIR "/src/train/testdata/advantage_golden.txt");
  std::map<std::string, int> seen;
  std::string text;
  while (std::getline(file, text)) {
    std::istringstream line(text);
    std::string kind;
    std::size_t n = 0;
    line >> kind >> n;
    const auto read = [&](std::size_t count) {
      std::vector<double> out(count);
      for (double& x : out) line >> x;
      return out;
    };
    const auto settings = read(settings_of.at(kind));
    const auto rewards = read(n);
    const auto values = read(kind == "gae" ? n : 0);
    const auto expected = read(kind == "baseline" ? 1 : n);
    ASSERT_TRUE(line) << text;
    const auto got = ours(kind, settings, rewards, values);
    ASSERT_EQ(got.size(), expected.size()) << text;
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-12) << text;
    ++seen[kind];
  }
  EXPECT_EQ(seen.size(), settings_of.size());
}

}  // namespace
}  // namespace troupe
