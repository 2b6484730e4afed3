#include "experience/curation/packing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"

namespace troupe {
namespace {

using Lengths = std::vector<std::int64_t>;

std::int64_t longest(const std::vector<Pack>& packs) {
  std::int64_t most = 0;
  for (const Pack& pack : packs) most = std::max(most, pack.tokens);
  return most;
}

void expect_sound(const std::vector<Pack>& packs, const Lengths& lengths, std::int64_t most) {
  std::vector<int> times(lengths.size());
  for (const Pack& pack : packs) {
    ASSERT_FALSE(pack.items.empty());
    std::int64_t tokens = 0;
    for (std::size_t i : pack.items) {
      ++times[i];
      tokens += lengths[i];
    }
    EXPECT_EQ(tokens, pack.tokens);
    EXPECT_TRUE(tokens <= most || pack.items.size() == 1);
    EXPECT_TRUE(std::is_sorted(pack.items.begin(), pack.items.end()));
  }
  for (int t : times) EXPECT_EQ(t, 1);
}

TEST(PackBalanced, FillsAndBalances) {
  const auto packs = pack_balanced(Lengths{1, 9, 1, 9, 1, 9}, 10);
  ASSERT_EQ(packs.size(), 3U);
  for (const Pack& pack : packs) EXPECT_EQ(pack.tokens, 10);
  EXPECT_EQ(pack_in_order(Lengths{1, 9, 1, 9, 1, 9}, 10).size(), 3U);
  EXPECT_EQ(pack_in_order(Lengths{9, 9, 1, 9, 1, 1}, 10).size(), 4U);
  EXPECT_EQ(pack_balanced(Lengths{9, 9, 1, 9, 1, 1}, 10).size(), 3U);
  // Best fit alone would make passes of 10 and 2.
  EXPECT_EQ(longest(pack_balanced(Lengths{4, 4, 2, 2}, 10)), 6);
}

TEST(PackBalanced, GivesWhatIsTooLongAPassOfItsOwn) {
  const auto packs = pack_balanced(Lengths{3, 12, 4}, 10);
  ASSERT_EQ(packs.size(), 2U);
  EXPECT_EQ(packs[0].items, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(packs[1].items, (std::vector<std::size_t>{1}));
  EXPECT_TRUE(pack_balanced({}, 10).empty());
  EXPECT_EQ(pack_balanced(Lengths{11, 12}, 10).size(), 2U);
  EXPECT_EQ(pack_balanced(Lengths{0, 0}, 10).size(), 1U);
}

TEST(PackBalanced, CoversOnceAndIsNoWorseThanTheOrderOfArrival) {
  std::int64_t passes = 0;
  std::int64_t passes_in_order = 0;
  std::int64_t least = 0;
  double evenness = 0;
  double evenness_in_order = 0;
  const auto even = [](const std::vector<Pack>& packs, std::int64_t tokens) {
    return static_cast<double>(tokens) / static_cast<double>(packs.size()) /
           static_cast<double>(longest(packs));
  };
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Rng rng(seed);
    const std::int64_t most = 20 + static_cast<std::int64_t>(rng.below(2000));
    Lengths lengths;
    const std::uint64_t n = 1 + rng.below(80);
    const double mean = std::log(static_cast<double>(most)) - 3 * rng.uniform();
    for (std::uint64_t i = 0; i < n; ++i) {
      lengths.push_back(1 + static_cast<std::int64_t>(std::exp(mean + 0.8 * rng.normal())));
    }
    const auto packs = pack_balanced(lengths, most);
    const auto in_order = pack_in_order(lengths, most);
    expect_sound(packs, lengths, most);
    expect_sound(in_order, lengths, most);
    ASSERT_LE(packs.size(), in_order.size());
    EXPECT_TRUE(packs.size() < in_order.size() || longest(packs) <= longest(in_order));
    const std::int64_t tokens = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
    passes += static_cast<std::int64_t>(packs.size());
    passes_in_order += static_cast<std::int64_t>(in_order.size());
    std::int64_t fitting = 0;
    for (std::int64_t length : lengths) {
      fitting += length <= most ? length : 0;
      least += length > most ? 1 : 0;  // a pass of its own
    }
    least += (fitting + most - 1) / most;
    evenness += even(packs, tokens);
    evenness_in_order += even(in_order, tokens);
  }
  EXPECT_LT(static_cast<double>(passes), 0.9 * static_cast<double>(passes_in_order));
  EXPECT_GE(passes, least);
  EXPECT_GT(evenness, evenness_in_order);
  std::printf(
      "passes: %d balanced, %d in order, at least %d by tokens; mean pass beside the longest "
      "%.2f and %.2f\n",
      static_cast<int>(passes), static_cast<int>(passes_in_order), static_cast<int>(least),
      evenness / 1000, evenness_in_order / 1000);
}

}  // namespace
}  // namespace troupe
