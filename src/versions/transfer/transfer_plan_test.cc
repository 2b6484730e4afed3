#include "versions/transfer/transfer_plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

namespace troupe {
namespace {

std::vector<std::string> receivers(int n) {
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i) out.push_back(fmt::format("http://r{}", i));
  return out;
}

TEST(TransferPlan, AStarHasOneSource) {
  const TransferPlan plan = star_plan("http://p", receivers(3));
  ASSERT_EQ(plan.edges.size(), 3U);
  for (const TransferEdge& edge : plan.edges) {
    EXPECT_EQ(edge.sources, std::vector<std::string>{"http://p"});
  }
  EXPECT_EQ(plan.find("http://r1"), &plan.edges[1]);
  EXPECT_EQ(plan.find("http://r9"), nullptr);
}

TEST(TransferPlan, ATreeIsShallowAndNobodyServesMoreThanItsFanOut) {
  for (int fan_out = 1; fan_out <= 5; ++fan_out) {
    for (int n = 0; n <= 40; ++n) {
      SCOPED_TRACE(fmt::format("{} receivers, {} each", n, fan_out));
      const auto plan = tree_plan("http://p", receivers(n), fan_out);
      ASSERT_TRUE(plan);
      std::map<std::string, int> serves, depth;
      int within = 0;  // how many receivers a tree of this depth can have
      int width = 1;
      int levels = 0;
      while (within < n) {
        width *= fan_out;
        within += width;
        ++levels;
      }
      for (const TransferEdge& edge : plan->edges) {
        const std::string& from = edge.sources.front();
        EXPECT_LE(++serves[from], fan_out);
        EXPECT_EQ(edge.sources.back(), "http://p");
        ASSERT_TRUE(from == "http://p" || depth.count(from) == 1);  // it stands before
        depth[edge.receiver] = depth[from] + 1;
        EXPECT_LE(depth[edge.receiver], levels);
      }
      EXPECT_EQ(depth.size() - depth.count("http://p"), static_cast<std::size_t>(n));
    }
  }
  EXPECT_FALSE(tree_plan("http://p", receivers(3), 0));
  EXPECT_FALSE(tree_plan("http://p", {"http://r", "http://r"}, 2));
}

TEST(TransferPlan, IsDataAndIsChecked) {
  const auto plan = tree_plan("http://p", receivers(7), 2);
  const auto read = parse_plan(plan_text(*plan));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, *plan);
  for (
      const char* text :
      {"", "[]", R"({"edges": [{"receiver": "a", "sources": []}]})",
       R"({"edges": [{"receiver": "a", "sources": ["a"]}]})",
       R"({"edges": [{"receiver": "a", "sources": ["b"]}, {"receiver": "b", "sources": ["a"]}]})",
       R"({"edges": [{"receiver": "a", "sources": ["p"]}, {"receiver": "a", "sources": ["p"]}]})"}) {
    const auto wrong = parse_plan(text);
    ASSERT_FALSE(wrong) << text;
    EXPECT_EQ(wrong.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace troupe
