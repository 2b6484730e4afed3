#include <algorithm>
#include <barrier>
#include <functional>
#include <thread>
#include <vector>

#include "common/stopwatch.h"
#include "engine/limits.h"
#include "model/kernels/aligned.h"

// Loops over memory are written once and compiled for each width of vectors that matters here.
#define TROUPE_EACH_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))

namespace troupe::bench {
namespace {

constexpr int kRounds = 4;
constexpr std::size_t kMostBytes = 256U << 20U;

// Sixteen sums a cache line, four lines at a time, so that additions are never what is waited for.
TROUPE_EACH_WIDTH
float read_all(const float* x, std::size_t n) {
  float sum[64] = {};
  for (std::size_t i = 0; i + 64 <= n; i += 64) {
    for (std::size_t j = 0; j < 64; ++j) sum[j] += x[i + j];
  }
  return *std::max_element(sum, sum + 64);
}

TROUPE_EACH_WIDTH
void triad(float* a, const float* b, const float* c, std::size_t n, float s) {
  for (std::size_t i = 0; i < n; ++i) a[i] = b[i] + s * c[i];
}

// Seconds of `body(thread)` on all threads at once, best of a few rounds.
double together(int threads, const std::function<void(int)>& body) {
  double best = 1e30;
  double start = 0;
  std::barrier ready(threads, [&]() noexcept { start = now(); });
  std::barrier done(threads, [&]() noexcept { best = std::min(best, now() - start); });
  const auto rounds = [&](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      ready.arrive_and_wait();
      body(thread);
      done.arrive_and_wait();
    }
  };
  std::vector<std::jthread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(rounds, thread);
  rounds(0);
  return best;
}

}  // namespace

double read_bandwidth(std::size_t bytes, int threads) {
  const std::size_t part =
      std::min(bytes, kMostBytes) / sizeof(float) / static_cast<std::size_t>(threads) / 64 * 64;
  if (part == 0) return 0;
  const std::size_t total = part * static_cast<std::size_t>(threads);
  const AlignedFloats buffer(total, 1.0F);
  // Some 8 ms a round, so that neither threads nor clocks count.
  const auto repeats = static_cast<int>(std::max<std::size_t>(1, kMostBytes / (total * 4)));
  std::vector<float> sums(static_cast<std::size_t>(threads) * 16);
  volatile float sink = 0;
  const double seconds = together(threads, [&](int thread) {
    const float* mine = buffer.data() + static_cast<std::size_t>(thread) * part;
    for (int i = 0; i < repeats; ++i) {
      sums[static_cast<std::size_t>(thread) * 16] += read_all(mine, part);
    }
  });
  sink = sums[0];
  static_cast<void>(sink);
  return static_cast<double>(repeats) * static_cast<double>(total * sizeof(float)) / seconds;
}

double triad_bandwidth(std::size_t bytes, int threads) {
  const std::size_t part = bytes / sizeof(float) / static_cast<std::size_t>(threads) / 16 * 16;
  const std::size_t total = part * static_cast<std::size_t>(threads);
  AlignedFloats a(total, 0.0F);
  const AlignedFloats b(total, 1.0F);
  const AlignedFloats c(total, 2.0F);
  const double seconds = together(threads, [&](int thread) {
    const std::size_t at = static_cast<std::size_t>(thread) * part;
    triad(a.data() + at, b.data() + at, c.data() + at, part, 0.5F);
  });
  return 3.0 * static_cast<double>(total * sizeof(float)) / seconds;
}

}  // namespace troupe::bench
