#include "versions/delta/compare.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace troupe {
namespace {

constexpr std::size_t kBlock = 64;  // bytes looked at together: a cache line
constexpr std::size_t kWords = kBlock / sizeof(std::uint64_t);

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

void find_changes(std::string_view base, std::string_view now, unsigned width, std::uint32_t first,
                  std::vector<std::uint32_t>& out) {
  assert(base.size() == now.size() && base.size() % width == 0);
  const unsigned bits = 8 * width;
  const std::uint64_t lane = (1ULL << bits) - 1;
  const unsigned per_word = 8 / width;
  std::size_t at = 0;
  for (; at + kBlock <= base.size(); at += kBlock) {
    std::uint64_t x[kWords];
    std::uint64_t any = 0;
    for (std::size_t w = 0; w < kWords; ++w) {
      x[w] = load<std::uint64_t>(base.data() + at + 8 * w) ^
             load<std::uint64_t>(now.data() + at + 8 * w);
      any |= x[w];
    }
    if (any == 0) continue;
    const std::uint32_t block = first + static_cast<std::uint32_t>(at / width);
    for (std::size_t w = 0; w < kWords; ++w) {
      while (x[w] != 0) {
        const auto which = static_cast<unsigned>(std::countr_zero(x[w])) / bits;
        out.push_back(block + static_cast<std::uint32_t>(w) * per_word + which);
        x[w] &= ~(lane << (which * bits));
      }
    }
  }
  for (; at < base.size(); at += width) {
    if (std::memcmp(base.data() + at, now.data() + at, width) != 0) {
      out.push_back(first + static_cast<std::uint32_t>(at / width));
    }
  }
}

}  // namespace troupe
