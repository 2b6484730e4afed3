#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "base/disk_simulated.h"
#include "base/executor.h"
#include "base/rng.h"
#include "versions/tiers/tier_store.h"

// Training states whose bytes say which value they are, and stores of them on virtual time.

namespace troupe::tiers_test {

inline const std::string kFolder = "run/tiers";

/// Any wait of a test that is longer is a deadlock.
inline Wait soon() { return {1000 * kSecond, "test"}; }

/// The bytes are a function of the value and their place alone.
inline void fill(StateBytes& state, std::uint64_t value) {
  const std::span<char> bytes = state.bytes();
  for (std::uint64_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t word = seed_join(value, i);
    std::memcpy(bytes.data() + i, &word, std::min<std::uint64_t>(8, bytes.size() - i));
  }
}
inline bool holds(const StateBytes& state, std::uint64_t value) {
  const std::span<const char> bytes = state.bytes();
  for (std::uint64_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t word = seed_join(value, i);
    const std::uint64_t size = std::min<std::uint64_t>(8, bytes.size() - i);
    if (std::memcmp(bytes.data() + i, &word, size) != 0) return false;
  }
  return true;
}

/// Runs `body` on an executor; an error ends the test.
inline void run(Executor& executor, Async<Status> body) {
  const Status status = executor.run(std::move(body));
  ASSERT_TRUE(status) << status.error().message;
}

inline std::shared_ptr<TierStore> open(Executor& executor, Disk& disk, std::uint64_t host,
                                       std::uint64_t on_disk = 0) {
  TierBudgets budgets;
  budgets.host = host;
  budgets.disk = on_disk;
  auto store = open_tier_store(executor, disk, kFolder, budgets, Leftovers::kKeep);
  EXPECT_TRUE(store) << store.error().message;
  return store ? *store : nullptr;
}

/// Sets a key to new bytes of this value.
inline Async<Status> store_value(TierStore& store, std::string key, std::uint64_t size,
                                 std::uint64_t value, Place place) {
  auto bytes = co_await store.allocate(size, soon());
  if (!bytes) co_return tl::unexpected(bytes.error());
  fill(*bytes, value);
  co_return co_await store.set(key, std::move(*bytes), place, soon());
}

}  // namespace troupe::tiers_test
