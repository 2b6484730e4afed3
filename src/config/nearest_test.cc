#include "config/nearest.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(EditDistance, KnownValues) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", ""), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("layers", "lyaers"), 1);  // a swap is one edit
  EXPECT_EQ(edit_distance("ca", "abc"), 3);         // optimal string alignment, not full Damerau
}

TEST(NearestWord, GivesTheClosestOrNothing) {
  const std::vector<std::string> words = {"barrier", "micro_batch", "overlap"};
  EXPECT_EQ(nearest_word("overlp", words), "overlap");
  EXPECT_EQ(nearest_word("microbatch", words), "micro_batch");
  EXPECT_EQ(nearest_word("synchronous", words), std::nullopt);
  EXPECT_EQ(nearest_word("", words), std::nullopt);
  EXPECT_EQ(nearest_word("x", {"y"}), std::nullopt);
}

TEST(NearestKeys, PrefersTheSameTableThenTheSameName) {
  const std::vector<std::string> keys = {"policy.first.layers", "policy.second.layers",
                                         "rollout.group_size", "train.lr", "train.kl"};
  EXPECT_EQ(nearest_keys("policy.second.layer", keys, 1),
            std::vector<std::string>{"policy.second.layers"});
  EXPECT_EQ(nearest_keys("layers", keys, 5),
            (std::vector<std::string>{"policy.first.layers", "policy.second.layers"}));
  EXPECT_EQ(nearest_keys("rollout_group_size", keys, 1),
            std::vector<std::string>{"rollout.group_size"});
  EXPECT_TRUE(nearest_keys("rollout.temperature", keys, 5).empty());
  EXPECT_TRUE(nearest_keys("", keys, 5).empty());
}

}  // namespace
}  // namespace troupe
