#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "base/rng.h"
#include "versions/published/catalogue.h"

namespace troupe {
namespace {

StateId version(std::int64_t incarnation, std::int64_t number) {
  return {incarnation, number, "d" + std::to_string(incarnation) + std::to_string(number)};
}

PayloadEntry payload(std::optional<StateId> base, const StateId& target, std::uint64_t bytes) {
  const std::string name = (base ? base->text() : "anchor") + " to " + target.text();
  return {name, std::move(base), target, bytes, ""};
}

/// A random catalogue of a few versions in two incarnations: deltas between any of them forwards,
/// some of them twice, and anchors.
Catalogue random_catalogue(Rng& rng) {
  Catalogue out;
  out.policy = "p";
  std::vector<StateId> versions;
  for (int i = 0; i < 4; ++i) versions.push_back(version(0, i));
  for (int i = 2; i < 5; ++i) versions.push_back(version(1, i));
  for (std::size_t to = 0; to < versions.size(); ++to) {
    for (std::size_t from = 0; from < to; ++from) {
      if (rng.below(3) == 0) {
        out.payloads.push_back(payload(versions[from], versions[to], rng.below(50)));
      }
    }
    if (rng.below(3) == 0) {
      out.payloads.push_back(payload(std::nullopt, versions[to], 20 + rng.below(100)));
    }
  }
  out.head = versions[rng.below(versions.size())];
  return out;
}

bool before(const StateId& a, const StateId& b) {
  return std::pair(a.incarnation, a.number) < std::pair(b.incarnation, b.number);
}

/// The fewest bytes by trying every path.
std::optional<std::uint64_t> brute_force(const Catalogue& c, const StateId* held) {
  std::optional<std::uint64_t> best;
  std::function<void(const StateId*, std::uint64_t)> go = [&](const StateId* at,
                                                              std::uint64_t bytes) {
    if (at != nullptr && *at == c.head) {
      if (!best || bytes < *best) best = bytes;
      return;
    }
    for (const PayloadEntry& p : c.payloads) {
      const bool fits = p.base ? at != nullptr && *p.base == *at
                               : at == held && (held == nullptr || !before(p.target, *held));
      if (fits) go(&p.target, bytes + p.bytes);
    }
  };
  go(held, 0);
  return best;
}

TEST(PlanPath, TakesTheFewestBytesOfAllPaths) {
  Rng rng(1);
  int none = 0, found = 0, anchored = 0;
  for (int i = 0; i < 4000; ++i) {
    Catalogue c = random_catalogue(rng);
    const std::vector<StateId> holders = {version(0, 0), version(0, 2), version(0, 3),
                                          version(1, 2), version(1, 4), version(7, 7),
                                          c.head};
    const StateId* held = rng.below(4) == 0 ? nullptr : &holders[rng.below(holders.size())];
    if (rng.below(4) == 0) std::reverse(c.payloads.begin(), c.payloads.end());
    const auto expected = brute_force(c, held);
    const auto path = plan_path(c, held);
    ASSERT_EQ(path.has_value(), expected.has_value());
    if (!path) {
      EXPECT_EQ(path.error().code, ErrorCode::kNotFound);
      ++none;
      continue;
    }
    ++found;
    std::uint64_t bytes = 0;
    const StateId* at = held;
    for (const PayloadEntry& p : *path) {
      bytes += p.bytes;
      if (p.base) {
        ASSERT_TRUE(at != nullptr && *p.base == *at) << "out of order";
      } else {
        ++anchored;
        ASSERT_EQ(at, held) << "an anchor only at the beginning";
      }
      at = &p.target;
    }
    EXPECT_TRUE(at != nullptr && *at == c.head);
    EXPECT_EQ(bytes, *expected);
  }
  EXPECT_GT(none, 200);
  EXPECT_GT(found, 1000);
  EXPECT_GT(anchored, 300);
}

TEST(PlanPath, IsEmptyForWhoIsThere) {
  Catalogue c{"p", version(0, 1), {payload(std::nullopt, version(0, 1), 0)}};
  const StateId held = version(0, 1);
  EXPECT_TRUE(plan_path(c, &held).value().empty());
  const StateId nothing;
  EXPECT_EQ(plan_path(c, &nothing).value().size(), 1) << "no digest: nothing is held";
}

}  // namespace
}  // namespace troupe
