#include <algorithm>
#include <map>
#include <vector>

#include "versions/tiers/tiers_test_support.h"

// Several users of one store do anything in any order, on virtual time; a model that is one map
// says what they must find.

namespace troupe {
namespace {

using namespace tiers_test;

constexpr int kKeys = 6;
constexpr int kUsers = 4;

std::string key_of(std::uint64_t i) { return "policy-" + std::to_string(i); }
std::uint64_t size_of(std::uint64_t i) { return 1000 + 3000 * i; }

/// What the users share, and what must be true.
struct World {
  Executor& executor;
  TierStore& store;
  std::uint64_t budget = 0;
  bool faults = false;  ///< of the disk: then calls may fail, but nothing is lost
  std::map<std::string, std::uint64_t> values = {};  ///< of keys that nobody holds; 0: removed
  std::uint64_t last_value = 0;
  std::uint64_t held = 0;  ///< bytes that users hold
  int gets = 0;
  int errors = 0;
  int users = 0;

  void check() const {
    const TierFigures figures = store.figures();
    ASSERT_LE(figures.host_used, budget);
    ASSERT_LE(figures.host_peak, budget);
    std::uint64_t seen = held;
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      const auto place = store.place(key_of(i));
      if (place && *place == Place::kHost) seen += size_of(i);
    }
    ASSERT_LE(seen, figures.host_used);
  }
  void expect_fault(const Error& error) {
    ++errors;
    ASSERT_TRUE(faults) << error.message;
    ASSERT_TRUE(error.code == ErrorCode::kNoSpace || error.code == ErrorCode::kIo) << error.message;
  }
};

/// Sets a key that this user holds to a new value, in memory or on disk.
Async<void> give_back(World& world, std::uint64_t i, StateBytes bytes, bool to_disk) {
  fill(bytes, ++world.last_value);
  world.values[key_of(i)] = world.last_value;
  world.held -= bytes.size();
  const Place place = to_disk ? Place::kDisk : Place::kHost;
  const Status status = co_await world.store.set(key_of(i), std::move(bytes), place, soon());
  if (!status) world.expect_fault(status.error());
}

/// Takes a key, looks at its bytes, and gives it back or removes and makes it anew.
Async<void> use(World& world, Rng& rng, std::uint64_t i) {
  auto got = co_await world.store.get(key_of(i), soon());
  if (!got) {
    if (got.error().code != ErrorCode::kNotFound) world.expect_fault(got.error());
    co_return;
  }
  ++world.gets;
  world.held += got->size();
  world.check();
  EXPECT_EQ(got->size(), size_of(i));
  EXPECT_TRUE(holds(*got, world.values[key_of(i)])) << key_of(i);
  co_await sleep_for(world.executor, static_cast<Nanos>(rng.below(2 * kMillisecond)));
  if (rng.below(8) == 0) {
    const Status removed = co_await world.store.remove(key_of(i));
    if (!removed) world.expect_fault(removed.error());
    EXPECT_EQ(world.store.place(key_of(i)).error().code, ErrorCode::kNotFound);
  }
  co_await give_back(world, i, std::move(*got), rng.below(3) == 0);
}

Async<void> user(World& world, std::uint64_t seed) {
  Rng rng(seed);
  for (int n = 0; n < 25; ++n) {
    const std::uint64_t i = rng.below(kKeys);
    switch (rng.below(6)) {
      case 0:
        world.store.prefetch(key_of(i));
        break;
      case 1:
        world.store.needed_at(key_of(i),
                              world.executor.now() + static_cast<Nanos>(rng.below(kSecond)));
        break;
      case 2: {
        const auto scratch = co_await world.store.allocate(1 + rng.below(9000), soon());
        if (!scratch) world.expect_fault(scratch.error());
        break;
      }
      default:
        co_await use(world, rng, i);
    }
    world.check();
    if (rng.below(2) == 0) {
      co_await sleep_for(world.executor, static_cast<Nanos>(rng.below(kMillisecond)));
    }
  }
  --world.users;
}

Async<Status> live(World& world, std::uint64_t seed) {
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    auto bytes = co_await world.store.allocate(size_of(i), soon());
    if (!bytes) co_return tl::unexpected(bytes.error());
    world.held += bytes->size();
    co_await give_back(world, i, std::move(*bytes), false);
  }
  world.users = kUsers;
  for (std::uint64_t u = 0; u < kUsers; ++u) spawn(user(world, seed_join(seed, u)));
  for (int seconds = 0; world.users > 0 && seconds < 5000; ++seconds) {
    co_await sleep_for(world.executor, kSecond);
  }
  EXPECT_EQ(world.users, 0) << "somebody waits for ever";
  co_return Status();
}

/// Every key still has its last value.
Async<Status> look_back(World& world) {
  EXPECT_EQ(world.held, 0U);
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    auto got = co_await world.store.get(key_of(i), soon());
    for (int again = 0; !got && world.faults && again < 40; ++again) {
      got = co_await world.store.get(key_of(i), soon());  // faults that are still to come end once
    }
    if (!got) co_return tl::unexpected(got.error());
    EXPECT_TRUE(holds(*got, world.values[key_of(i)])) << key_of(i);
  }
  co_return Status();
}

TEST(TiersProperty, EveryGetGivesTheLastSetAndTheBudgetHolds) {
  int gets = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    SimulatedDisk disk(seed);
    VirtualOptions options;
    options.seed = seed;
    const auto executor = make_virtual_executor(options);
    // From room for little more than the largest to room for all.
    const std::uint64_t budget = size_of(kKeys - 1) + Rng(seed).below(50'000);
    const auto store = open(*executor, disk, budget);
    World world{*executor, *store, budget};
    auto body = [&]() -> Async<Status> {
      const Status lived = co_await live(world, seed);
      if (!lived) co_return lived;
      co_return co_await look_back(world);
    };
    run(*executor, body());
    EXPECT_EQ(store->figures().host_used, 0U);
    gets += world.gets;
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(gets, 1000);
}

TEST(TiersProperty, AFailingDiskLosesNothing) {
  int errors = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    SimulatedDisk disk(seed);
    VirtualOptions options;
    options.seed = seed;
    const auto executor = make_virtual_executor(options);
    const std::uint64_t budget = 45'000 + Rng(seed).below(20'000);
    const auto store = open(*executor, disk, budget);
    World world{*executor, *store, budget};
    world.faults = true;
    Rng rng(seed_join(seed, "faults"));
    for (int i = 0; i < 30; ++i) {
      disk.fail_call(40 + rng.below(400), rng.below(2) == 0 ? ErrorCode::kNoSpace : ErrorCode::kIo);
    }
    auto body = [&]() -> Async<Status> {
      const Status lived = co_await live(world, seed);
      if (!lived) co_return lived;
      co_return co_await look_back(world);
    };
    run(*executor, body());
    errors += world.errors;
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(errors, 100);
}

}  // namespace
}  // namespace troupe
