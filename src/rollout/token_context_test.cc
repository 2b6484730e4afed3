#include "rollout/token_context.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace troupe {
namespace {

bool holds(const TokenContext& context, const std::vector<TokenId>& tokens) {
  return std::ranges::equal(context.tokens(), tokens);
}

TEST(TokenContextTest, BeginsEmptyAndGrows) {
  TokenContext context;
  EXPECT_TRUE(context.empty());
  EXPECT_EQ(context.size(), 0U);
  context.append(std::vector<TokenId>{1, 2});
  context.append(std::vector<TokenId>{3});
  EXPECT_TRUE(holds(context, {1, 2, 3}));
  EXPECT_EQ(context[1], 2);
}

TEST(TokenContextTest, ACopyKeepsWhatItHadWhenTheOtherGrows) {
  TokenContext context{1, 2};
  const TokenContext copy = context;
  EXPECT_EQ(copy.tokens().data(), context.tokens().data());  // shared
  context.append(std::vector<TokenId>{3});
  EXPECT_TRUE(holds(copy, {1, 2}));
  EXPECT_TRUE(holds(context, {1, 2, 3}));
}

TEST(TokenContextTest, GrowsInPlaceWhenNobodySharesIt) {
  TokenContext context(std::vector<TokenId>(100, 7));
  context.append(std::vector<TokenId>{8});  // room for more from here on
  const TokenId* const before = context.tokens().data();
  { const TokenContext gone = context; }
  context.append(std::vector<TokenId>{9});
  EXPECT_EQ(context.tokens().data(), before);
}

}  // namespace
}  // namespace troupe
