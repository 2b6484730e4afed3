#include "versions/published/retention.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"

namespace troupe {
namespace {

StateId version(std::int64_t number) { return {0, number, "d" + std::to_string(number)}; }

/// A chain of `count` versions, with a delta each and an anchor at some.
Catalogue chain(int count, Rng& rng) {
  Catalogue out;
  out.policy = "p";
  for (int i = 0; i < count; ++i) {
    if (i > 0) {
      out.payloads.push_back(
          {std::to_string(i) + ".delta", version(i - 1), version(i), 1 + rng.below(20), ""});
    }
    if (i == 0 || rng.below(4) == 0) {
      out.payloads.push_back({std::to_string(i) + ".anchor", std::nullopt, version(i), 40, ""});
    }
  }
  out.head = version(count - 1);
  return out;
}

bool holds(const std::vector<StateId>& ids, const StateId& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::uint64_t bytes_of(const std::vector<PayloadEntry>& payloads) {
  std::uint64_t out = 0;
  for (const PayloadEntry& p : payloads) out += p.bytes;
  return out;
}

TEST(Retention, KeepsWhatItMustAndNothingOlder) {
  Rng rng(1);
  for (int i = 0; i < 3000; ++i) {
    const int count = 1 + static_cast<int>(rng.below(14));
    const Catalogue all = chain(count, rng);
    RetentionLimits limits;
    limits.versions = 1 + static_cast<std::int64_t>(rng.below(10));
    limits.bytes = rng.below(2) == 0 ? 0 : 60 + rng.below(300);
    std::vector<StateId> used;
    if (rng.below(2) == 0) used.push_back(version(static_cast<int>(rng.below(count))));
    const auto kept = retained(all, limits, used);
    const auto versions = versions_of(kept);
    EXPECT_TRUE(holds(versions, all.head));
    for (const StateId& id : used) EXPECT_TRUE(holds(versions, id));
    // All that stays can be put together from what stays.
    for (const StateId& id : versions) {
      Catalogue rest{"p", id, kept};
      EXPECT_TRUE(plan_path(rest, nullptr)) << id.text();
    }
    // The newest stay, as many as asked for, unless they weigh too much.
    if (limits.bytes == 0) {
      for (int n = std::max<int>(0, count - static_cast<int>(limits.versions)); n < count; ++n) {
        EXPECT_TRUE(holds(versions, version(n)));
      }
    }
    if (!used.empty()) continue;
    // No fewer would do: without the versions before the second anchor that stays, the count is
    // below the limit or, with a limit of bytes, it was not passed.
    std::vector<std::size_t> anchors;
    for (std::size_t k = 0; k < versions.size(); ++k) {
      if (std::any_of(kept.begin(), kept.end(),
                      [&](const auto& p) { return !p.base && p.target == versions[k]; })) {
        anchors.push_back(k);
      }
    }
    ASSERT_FALSE(anchors.empty());
    EXPECT_EQ(anchors.front(), 0) << "what is before the first anchor is of no use";
    if (anchors.size() > 1) {
      EXPECT_LT(static_cast<std::int64_t>(versions.size() - anchors[1]), limits.versions);
      EXPECT_TRUE(limits.bytes == 0 || bytes_of(kept) <= limits.bytes);
    }
  }
}

}  // namespace
}  // namespace troupe
