#include "versions/checkpoint_keep.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"

namespace troupe {
namespace {

using Names = std::vector<std::string>;

TEST(CheckpointName, IsReadAsItIsWritten) {
  const auto read = CheckpointName::parse("step-000040");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, "step");
  EXPECT_EQ(read->step, 40);
  EXPECT_EQ(CheckpointName::parse("pool-12345678")->text(), "pool-12345678");
  for (const char* other : {"step-40", "step-000040.writing", "step-000040.removing", "step-",
                            "step", "step-00004x", "", "-", "step--00001", "step-0000040"}) {
    EXPECT_FALSE(CheckpointName::parse(other)) << other;
  }
}

TEST(KeepRules, KeepTheNewestAndEveryNth) {
  const Names all = {"step-000000", "step-000010", "step-000020",
                     "step-000030", "step-000040", "step-000050"};
  EXPECT_EQ(not_kept(all, {}), (Names{"step-000000", "step-000010", "step-000020", "step-000030"}));
  KeepRules rules;
  rules.newest = 1;
  rules.every = 20;
  EXPECT_EQ(not_kept(all, rules), (Names{"step-000000", "step-000010", "step-000030"}));
}

TEST(KeepRules, CountStepsAsNumbers) {
  KeepRules rules;
  rules.newest = 1;
  EXPECT_EQ(not_kept({"step-1000000", "step-999999"}, rules), Names{"step-999999"});
}

TEST(KeepRules, KeepTheBestThatIsSpokenOfAndThePool) {
  const Names all = {"best-000005", "best-000010", "best-000015", "pool-000001",
                     "pool-000002", "pool-000003", "notes"};
  KeepRules rules;
  rules.best = {10, 15};
  rules.pool = 2;
  EXPECT_EQ(not_kept(all, rules), (Names{"best-000005", "pool-000001"}));
  rules.pool = 0;
  EXPECT_EQ(not_kept(all, rules), Names{"best-000005"});
}

// Whatever there is: the newest stay, nothing unknown goes, and a second time nothing more goes.
TEST(KeepRules, HoldForAnySetOfNames) {
  Rng rng(1);
  for (int i = 0; i < 500; ++i) {
    Names names;
    for (std::uint64_t n = rng.below(12); n > 0; --n) {
      const char* kinds[] = {"step", "best", "pool", "other"};
      const CheckpointName name{kinds[rng.below(4)], static_cast<std::int64_t>(rng.below(40))};
      if (std::find(names.begin(), names.end(), name.text()) == names.end()) {
        names.push_back(name.text() + (rng.below(8) == 0 ? ".writing" : ""));
      }
    }
    KeepRules rules;
    rules.newest = 1 + static_cast<std::int64_t>(rng.below(3));
    rules.every = static_cast<std::int64_t>(rng.below(4)) * 5;
    rules.best = {static_cast<std::int64_t>(rng.below(40))};
    rules.pool = static_cast<std::int64_t>(rng.below(3));
    const Names leaving = not_kept(names, rules);
    Names left;
    std::int64_t newest = -1;
    for (const std::string& name : names) {
      const auto read = CheckpointName::parse(name);
      if (read && read->kind == "step") newest = std::max(newest, read->step);
      const bool goes = std::find(leaving.begin(), leaving.end(), name) != leaving.end();
      if (!goes) left.push_back(name);
      EXPECT_FALSE(goes && (!read || read->kind == "other")) << name;
      EXPECT_FALSE(goes && read->kind == "best" && rules.best.contains(read->step)) << name;
    }
    EXPECT_EQ(left.size() + leaving.size(), names.size()) << "only what is there can go";
    if (newest >= 0) {
      const CheckpointName name{"step", newest};
      EXPECT_NE(std::find(left.begin(), left.end(), name.text()), left.end());
    }
    EXPECT_TRUE(not_kept(left, rules).empty());
  }
}

}  // namespace
}  // namespace troupe
