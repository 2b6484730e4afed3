#include "rollout/router/prefix_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/rng.h"

namespace troupe {
namespace {

using Tokens = std::vector<TokenId>;
using Matches = std::vector<PrefixMatch>;

Version version(std::int64_t number) {
  Version out;
  out.number = number;
  return out;
}

TEST(PrefixTreeTest, FindsTheLongestPrefixOfEachInstance) {
  PrefixTree tree(1000);
  tree.insert(3, version(1), Tokens{1, 2, 3, 4, 5});
  tree.insert(1, version(1), Tokens{1, 2, 9});
  tree.insert(2, version(1), Tokens{7});
  EXPECT_EQ(tree.match(version(1), Tokens{1, 2, 3, 8}), (Matches{{1, 2}, {3, 3}}));
  EXPECT_EQ(tree.match(version(1), Tokens{1, 2, 9, 9}), (Matches{{1, 3}, {3, 2}}));
  EXPECT_EQ(tree.match(version(1), Tokens{7, 7}), (Matches{{2, 1}}));
  EXPECT_EQ(tree.match(version(1), Tokens{8}), Matches{});
  EXPECT_EQ(tree.match(version(1), Tokens{}), Matches{});
  EXPECT_EQ(tree.held(), 9U);
  EXPECT_EQ(tree.held(3), 5U);
}

TEST(PrefixTreeTest, AnotherVersionIsAMiss) {
  PrefixTree tree(1000);
  const Tokens tokens{1, 2, 3};
  tree.insert(1, version(4), tokens);
  EXPECT_EQ(tree.match(version(5), tokens), Matches{});
  EXPECT_EQ(tree.match(version(3), tokens), Matches{});
  Version lost = version(4);
  lost.incarnation = 1;
  EXPECT_EQ(tree.match(lost, tokens), Matches{});
  tree.insert(3, lost, tokens);
  EXPECT_EQ(tree.match(lost, tokens), (Matches{{3, 3}}));
  tree.insert(2, version(5), tokens);
  EXPECT_EQ(tree.match(version(5), tokens), (Matches{{2, 3}}));
  EXPECT_EQ(tree.match(version(4), tokens), (Matches{{1, 3}}));
}

TEST(PrefixTreeTest, WhatWasUsedLongestAgoGoesFirstEndsBeforeBeginnings) {
  PrefixTree tree(8);
  tree.insert(1, version(0), Tokens{1, 2, 3, 4});
  tree.insert(1, version(0), Tokens{1, 2, 5, 6});
  EXPECT_EQ(tree.held(), 6U);
  tree.insert(1, version(0), Tokens{8, 8, 8});
  EXPECT_EQ(tree.match(version(0), Tokens{1, 2, 3, 4}), (Matches{{1, 2}}));  // 3, 4 are gone
  EXPECT_EQ(tree.match(version(0), Tokens{1, 2, 5, 6}), (Matches{{1, 4}}));
  tree.insert(2, version(0), Tokens{8, 8});
  EXPECT_EQ(tree.match(version(0), Tokens{1, 2, 5, 6}), (Matches{{1, 2}}));
  EXPECT_EQ(tree.held(), 7U);
}

TEST(PrefixTreeTest, AContextBeyondTheBudgetLeavesLittleAndNoHarm) {
  PrefixTree tree(4);
  tree.insert(1, version(0), Tokens(10, 1));
  EXPECT_LE(tree.held(), 4U);
  tree.insert(1, version(0), Tokens{2, 2});
  EXPECT_EQ(tree.match(version(0), Tokens{2, 2}), (Matches{{1, 2}}));
}

TEST(PrefixTreeTest, ForgetsAnInstance) {
  PrefixTree tree(1000);
  tree.insert(1, version(0), Tokens{1, 2, 3});
  tree.insert(2, version(0), Tokens{1, 2, 4});
  tree.insert(1, version(1), Tokens{1});
  tree.forget(1);
  EXPECT_EQ(tree.match(version(0), Tokens{1, 2, 3}), (Matches{{2, 2}}));
  EXPECT_EQ(tree.match(version(1), Tokens{1}), Matches{});
  EXPECT_EQ(tree.held(1), 0U);
  EXPECT_EQ(tree.held(), 3U);
  tree.forget(2);
  EXPECT_EQ(tree.held(), 0U);
}

/// Every prefix by itself: (version, instance) -> prefixes, with the time of last use.
class NaiveTree {
 public:
  void insert(int instance, std::int64_t number, const Tokens& tokens) {
    for (std::size_t n = 1; n <= tokens.size(); ++n) {
      held_[{number, instance}].insert(Tokens(tokens.begin(), tokens.begin() + std::ptrdiff_t(n)));
    }
  }
  [[nodiscard]] Matches match(std::int64_t number, const Tokens& tokens) const {
    Matches out;
    for (const auto& [key, prefixes] : held_) {
      if (key.first != number) continue;
      std::size_t n = tokens.size();
      while (n > 0 &&
             !prefixes.contains(Tokens(tokens.begin(), tokens.begin() + std::ptrdiff_t(n))))
        --n;
      if (n > 0) out.push_back(PrefixMatch{key.second, n});
    }
    return out;
  }
  void forget(int instance) {
    for (auto& [key, prefixes] : held_) {
      if (key.second == instance) prefixes.clear();
    }
  }
  [[nodiscard]] std::size_t held() const {
    std::size_t out = 0;
    for (const auto& [key, prefixes] : held_) out += prefixes.size();
    return out;
  }

 private:
  std::map<std::pair<std::int64_t, int>, std::set<Tokens>> held_;
};

Tokens any_tokens(Rng& rng) {
  Tokens out(rng.below(12));
  for (TokenId& token : out) token = static_cast<TokenId>(rng.below(3));
  return out;
}

TEST(PrefixTreeTest, AgreesWithAMapOfAllPrefixes) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    PrefixTree tree(1 << 20);
    NaiveTree naive;
    for (int i = 0; i < 300; ++i) {
      const int instance = static_cast<int>(rng.below(5));
      const auto number = static_cast<std::int64_t>(rng.below(2));
      const Tokens tokens = any_tokens(rng);
      if (rng.below(40) == 0) {
        tree.forget(instance);
        naive.forget(instance);
      } else {
        tree.insert(instance, version(number), tokens);
        naive.insert(instance, number, tokens);
      }
      const Tokens asked = any_tokens(rng);
      ASSERT_EQ(tree.match(version(number), asked), naive.match(number, asked));
      ASSERT_EQ(tree.held(), naive.held());
    }
  }
}

// Under any budget: never beyond it, never more than was inserted, and the newest context whole if
// it fits.
TEST(PrefixTreeTest, KeepsItsBudget) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed);
    const std::size_t budget = 12 + rng.below(60);
    PrefixTree tree(budget);
    NaiveTree naive;
    for (int i = 0; i < 500; ++i) {
      const int instance = static_cast<int>(rng.below(5));
      const auto number = static_cast<std::int64_t>(rng.below(2));
      const Tokens tokens = any_tokens(rng);
      tree.insert(instance, version(number), tokens);
      naive.insert(instance, number, tokens);
      ASSERT_LE(tree.held(), budget);
      std::size_t sum = 0;
      for (int one = 0; one < 5; ++one) sum += tree.held(one);
      ASSERT_EQ(sum, tree.held());
      std::size_t own = 0;
      for (const PrefixMatch& match : tree.match(version(number), tokens)) {
        if (match.instance == instance) own = match.length;
      }
      ASSERT_EQ(own, tokens.size());
      const Tokens asked = any_tokens(rng);
      const Matches most = naive.match(number, asked);
      for (const PrefixMatch& match : tree.match(version(number), asked)) {
        const auto found = std::find_if(most.begin(), most.end(), [&](const PrefixMatch& m) {
          return m.instance == match.instance;
        });
        ASSERT_NE(found, most.end());
        ASSERT_LE(match.length, found->length);
      }
    }
  }
}

}  // namespace
}  // namespace troupe
