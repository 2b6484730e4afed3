#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

namespace troupe {

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes 64 bits.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Joins a seed with an index into another seed; the order of joins matters.
constexpr std::uint64_t seed_join(std::uint64_t seed, std::uint64_t index) {
  return mix64(mix64(seed) ^ (index + 0x632be59bd9b4e019ULL));
}

/// Joins a seed with a name (FNV-1a of the bytes).
constexpr std::uint64_t seed_join(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return seed_join(seed, hash);
}

/// Counter-based random numbers: the n-th draw is a function of (seed, n) alone, so a stream can be
/// resumed from its counter and two streams of different seeds are independent for our purposes.
class Rng {
 public:
  explicit constexpr Rng(std::uint64_t seed, std::uint64_t counter = 0)
      : seed_(mix64(seed)), counter_(counter) {}

  constexpr std::uint64_t next() { return mix64(seed_ + 0x9e3779b97f4a7c15ULL * counter_++); }
  /// Uniform in [0, n), n > 0. Bias below n / 2^64.
  constexpr std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>((static_cast<__uint128_t>(next()) * n) >> 64);
  }
  /// Uniform in [0, 1), 53 bits.
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Standard normal (Box-Muller; two draws a call).
  double normal() {
    const double u = 1.0 - uniform();
    const double v = uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v);
  }
  [[nodiscard]] constexpr std::uint64_t counter() const { return counter_; }

 private:
  std::uint64_t seed_;
  std::uint64_t counter_;
};

}  // namespace troupe
