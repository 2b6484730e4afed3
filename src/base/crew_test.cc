#include "base/crew.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

namespace troupe {
namespace {

TEST(Crew, EveryPartRunsOnceInEveryRun) {
  for (const int threads : {1, 2, 3, 7}) {
    Crew crew(threads);
    ASSERT_EQ(crew.size(), threads);
    std::vector<int> done(static_cast<std::size_t>(threads), 0);  // a part is one thread's alone
    for (int run = 0; run < 2000; ++run) {
      crew.run([&](int part, int parts) {
        EXPECT_EQ(parts, threads);
        ++done[static_cast<std::size_t>(part)];
      });
      for (const int times : done) ASSERT_EQ(times, run + 1);
    }
  }
}

TEST(Crew, WhatOneRunWroteTheNextReads) {
  Crew crew(4);
  std::vector<long> values(4, 1);
  for (int run = 0; run < 3000; ++run) {
    std::vector<long> next(4);
    crew.run([&](int part, int /*parts*/) {
      next[static_cast<std::size_t>(part)] =
          std::accumulate(values.begin(), values.end(), 0L) % 1000 + part;
    });
    values = next;
  }
  std::vector<long> alone(4, 1);
  for (int run = 0; run < 3000; ++run) {
    std::vector<long> next(4);
    for (std::size_t part = 0; part < 4; ++part) {
      next[part] = std::accumulate(alone.begin(), alone.end(), 0L) % 1000 + static_cast<long>(part);
    }
    alone = next;
  }
  EXPECT_EQ(values, alone);
}

// Guests come while runs go on, are counted by the next gather, and leave at dismiss.
TEST(Crew, GuestsComeAndGo) {
  Crew crew;
  EXPECT_EQ(crew.gather(), 1);
  for (int visit = 0; visit < 50; ++visit) {
    std::vector<std::thread> guests;
    for (int i = 0; i < 3; ++i) {
      guests.emplace_back([&crew, ticket = crew.enter()] { crew.stay(ticket); });
      const int size = crew.gather();
      EXPECT_EQ(size, i + 2);
      std::atomic<int> parts_seen{0};
      for (int run = 0; run < 20; ++run) {
        crew.run([&](int /*part*/, int parts) {
          EXPECT_EQ(parts, size);
          ++parts_seen;
        });
      }
      EXPECT_EQ(parts_seen, 20 * size);
    }
    crew.dismiss();
    EXPECT_EQ(crew.size(), 1);
    EXPECT_EQ(crew.gather(), 1);
    for (std::thread& guest : guests) guest.join();
  }
}

}  // namespace
}  // namespace troupe
