#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/rng.h"
#include "versions/delta/delta_test_support.h"
#include "versions/delta/encode.h"
#include "versions/published/published_versions.h"

namespace troupe::published_test {

using Copy = std::shared_ptr<const StateCopy>;

inline Copy random_copy(std::uint64_t seed) {
  const delta_test::Owned state = delta_test::small_state(seed);
  return std::make_shared<const StateCopy>(StateCopy{state.forms, state.bits});
}

/// The next version: nothing, a few values, the lowest bits of some, or everything is other than
/// before; NaNs and infinities, and zeros of both signs, among them.
inline Copy evolve(const StateCopy& before, Rng& rng) {
  auto out = std::make_shared<StateCopy>(before);
  const std::uint64_t kind = rng.below(4);
  for (std::size_t t = 0; t < out->bits.size(); ++t) {
    std::string& bits = out->bits[t];
    const unsigned width = out->forms[t].width();
    const std::uint32_t sign = width == 2 ? 0x8000U : 0x80000000U;
    const std::uint32_t quiet = width == 2 ? 0x7fc1U : 0x7fc00001U;
    for (std::size_t i = 0; i < bits.size() / width; ++i) {
      const std::uint32_t old = delta_test::get(bits, width, i);
      if (kind == 1 && rng.below(40) == 0) {
        const std::uint32_t odd[] = {0, sign, quiet, old ^ sign};
        delta_test::set(bits, width, i, odd[rng.below(4)]);
      }
      if (kind == 2 && rng.below(5) == 0) delta_test::set(bits, width, i, old + 1);
      if (kind == 3) delta_test::set(bits, width, i, static_cast<std::uint32_t>(rng.next()));
    }
  }
  return out;
}

inline std::pair<std::int64_t, std::int64_t> key(const StateId& id) {
  return {id.incarnation, id.number};
}

/// What was published, by incarnation and number.
using Log = std::map<std::pair<std::int64_t, std::int64_t>, Copy>;

inline PublishedVersions::Setting setting(std::int64_t anchor_every = 4, std::int64_t keep = 100) {
  PublishedVersions::Setting out;
  out.folder = "run/versions";
  out.policy = "p";
  out.anchor_every = anchor_every;
  out.limits.versions = keep;
  return out;
}

inline std::unique_ptr<PublishedVersions> opened(Disk& disk, PublishedVersions::Setting setting) {
  auto out = PublishedVersions::open(disk, std::move(setting));
  EXPECT_TRUE(out) << out.error().message;
  return std::move(*out);
}

/// All that a reader sees is what was published under that name; nothing, if nothing was.
inline void expect_readable(Disk& disk, const Log& log) {
  PublishedFolder reader(disk, "run/versions");
  const auto catalogue = reader.catalogue("p");
  if (!catalogue) {
    EXPECT_EQ(catalogue.error().code, ErrorCode::kNotFound) << catalogue.error().message;
    return;
  }
  for (const StateId& id : versions_of(catalogue->payloads)) {
    const auto state = materialise(reader, *catalogue, id);
    ASSERT_TRUE(state) << id.text() << ": " << state.error().message;
    ASSERT_TRUE(log.contains(key(id))) << id.text();
    EXPECT_EQ(state->bits, log.at(key(id))->bits) << id.text();
    EXPECT_EQ(digest_of(state->tensors()), id.digest);
  }
}

/// The same, and something is published, and nothing else lies there.
inline void expect_whole(Disk& disk, const Log& log) {
  expect_readable(disk, log);
  const auto catalogue = PublishedFolder(disk, "run/versions").catalogue("p");
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  const auto names = disk.list("run/versions/p");
  ASSERT_TRUE(names);
  EXPECT_EQ(names->size(), catalogue->payloads.size() + 1) << "debris";
}

}  // namespace troupe::published_test
