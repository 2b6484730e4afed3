#include <gtest/gtest.h>

#include <cmath>

#include "versions/delta/compare.h"
#include "versions/delta/delta_test_support.h"
#include "versions/delta/positions.h"
#include "versions/delta/values.h"

// The pieces of the codec, each beside a plain loop or a bound.

namespace troupe {
namespace {

using namespace delta_test;

TEST(FindChanges, FindsWhatAPlainLoopFinds) {
  Rng rng(1);
  for (int trial = 0; trial < 300; ++trial) {
    const unsigned width = trial % 2 == 0 ? 2 : 4;
    const std::size_t count = rng.below(200);
    std::string base(count * width, '\0');
    for (char& c : base) c = static_cast<char>(rng.next());
    std::string now = base;
    const double share = rng.uniform() * rng.uniform();
    for (char& c : now) {
      if (rng.uniform() < share) c = static_cast<char>(c ^ (1 << rng.below(8)));
    }
    std::vector<std::uint32_t> plain;
    for (std::size_t i = 0; i < count; ++i) {
      if (get(base, width, i) != get(now, width, i)) {
        plain.push_back(static_cast<std::uint32_t>(i) + 1000);
      }
    }
    std::vector<std::uint32_t> found;
    find_changes(base, now, width, 1000, found);
    ASSERT_EQ(found, plain);
  }
}

TEST(Places, ComeBackWhateverTheirGaps) {
  Rng rng(2);
  for (const std::uint64_t values : {1ULL, 2ULL, 255ULL, 256ULL, 70000ULL, 0xffffffffULL}) {
    for (int trial = 0; trial < 40; ++trial) {
      std::vector<std::uint32_t> places;
      std::uint64_t at = rng.below(2) == 0 ? 0 : rng.below(values);
      while (at < values && places.size() < 500) {
        places.push_back(static_cast<std::uint32_t>(at));
        at += 1 + (rng.below(3) == 0 ? 0 : rng.below(1 + values / (1 + rng.below(50))));
      }
      if (places.back() != values - 1 && trial % 3 == 0) {
        places.push_back(static_cast<std::uint32_t>(values - 1));
      }
      const Gaps gaps = split_places(places, values);
      const auto count = static_cast<std::uint32_t>(places.size());
      const auto back = join_places(gaps.low_bits, gaps.high, gaps.low, count, values);
      ASSERT_TRUE(back) << back.error().message;
      ASSERT_EQ(*back, places);
      // Others are refused: a place too many, too few, and the last one out of reach.
      ASSERT_FALSE(join_places(gaps.low_bits, gaps.high + '\0', gaps.low, count, values));
      ASSERT_FALSE(join_places(gaps.low_bits, gaps.high.substr(0, gaps.high.size() - 1), gaps.low,
                               count, values));
      ASSERT_FALSE(join_places(gaps.low_bits, gaps.high, gaps.low, count, places.back()));
    }
  }
  EXPECT_TRUE(join_places(0, "", "", 0, 0));
  EXPECT_FALSE(join_places(32, "", "", 0, 5));
}

TEST(Places, TakeLittleMoreThanTheirEntropy) {
  constexpr std::uint64_t kValues = 1 << 22;
  for (const double share : {0.0003, 0.002, 0.006, 0.03, 0.2}) {
    Rng rng(4);
    std::vector<std::uint32_t> places;
    for (std::uint32_t i = 0; i < kValues; ++i) {
      if (rng.uniform() < share) places.push_back(i);
    }
    const Gaps gaps = split_places(places, kValues);
    std::string bytes;
    ByteWriter out(bytes);
    write_stream(out, gaps.high);
    write_stream(out, gaps.low);
    const double p = static_cast<double>(places.size()) / kValues;
    const double entropy =
        -static_cast<double>(kValues) * (p * std::log2(p) + (1 - p) * std::log2(1 - p));
    EXPECT_LT(8.0 * static_cast<double>(bytes.size()), 1.03 * entropy + 8 * 64) << share;
  }
}

TEST(Values, ComeBackInBothCodes) {
  Rng rng(5);
  for (const unsigned width : {2U, 4U}) {
    for (const bool near : {false, true}) {
      std::string base(1000 * width, '\0');
      for (char& c : base) c = static_cast<char>(rng.next());
      std::string now = base;
      for (std::size_t i = 0; i < 1000; ++i) {
        const auto value = near ? get(base, width, i) + 1 - 2 * rng.below(2) : rng.below(3);
        set(now, width, i, static_cast<std::uint32_t>(value));
      }
      std::string bytes;
      ByteWriter out(bytes);
      write_values(out, now, base, width);
      ByteReader in(bytes);
      const auto view = read_values(in, width);
      ASSERT_TRUE(view && in.ok() && in.left() == 0);
      EXPECT_EQ(view->code, near ? ValueCode::kDifference : ValueCode::kBits);
      EXPECT_LT(bytes.size(), 400U) << "two or three values take under 2 bits each";
      const auto back = unpack_values(*view, 1000, base, width);
      ASSERT_TRUE(back);
      EXPECT_EQ(*back, now);
      EXPECT_FALSE(unpack_values(*view, 999, std::string_view(base).substr(width), width));
    }
  }
}

}  // namespace
}  // namespace troupe
