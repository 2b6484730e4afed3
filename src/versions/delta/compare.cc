#include "versions/delta/compare.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace troupe {
namespace {

constexpr std::size_t kBlock = 64;  // bytes looked at together: a cache line
constexpr std::size_t kWords = kBlock / sizeof(std::uint64_t);

std::uint64_t load(const char* from) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// One bit for each value of a word, lowest first: whether any of its bits is set. Without
/// branches, as nobody can predict which value changed.
template <unsigned kWidth>
std::uint32_t nonzero(std::uint64_t x) {
  constexpr std::uint64_t kLow = kWidth == 2 ? 0x7fff7fff7fff7fff : 0x7fffffff7fffffff;
  const std::uint64_t top = (((x & kLow) + kLow) | x) & ~kLow;  // the top bit of each value
  if constexpr (kWidth == 4) return static_cast<std::uint32_t>((top >> 31 | top >> 62) & 3U);
  // The product moves bit 16 i to bit 48 + i; all other sums of its bits fall elsewhere.
  return static_cast<std::uint32_t>(((top >> 15) * 0x0001000200040008ULL) >> 48 & 15U);
}

template <unsigned kWidth>
void find(std::string_view base, std::string_view now, std::uint32_t first,
          std::vector<std::uint32_t>& out) {
  constexpr unsigned kPerWord = 8 / kWidth;
  std::size_t at = 0;
  for (; at + kBlock <= base.size(); at += kBlock) {
    std::uint64_t x[kWords];
    std::uint64_t any = 0;
    for (std::size_t w = 0; w < kWords; ++w) {
      x[w] = load(base.data() + at + 8 * w) ^ load(now.data() + at + 8 * w);
      any |= x[w];
    }
    if (any == 0) continue;
    std::uint32_t changed = 0;
    for (std::size_t w = 0; w < kWords; ++w) changed |= nonzero<kWidth>(x[w]) << (kPerWord * w);
    const std::uint32_t block = first + static_cast<std::uint32_t>(at / kWidth);
    for (; changed != 0; changed &= changed - 1) {
      out.push_back(block + static_cast<std::uint32_t>(std::countr_zero(changed)));
    }
  }
  for (; at < base.size(); at += kWidth) {
    if (std::memcmp(base.data() + at, now.data() + at, kWidth) != 0) {
      out.push_back(first + static_cast<std::uint32_t>(at / kWidth));
    }
  }
}

}  // namespace

void find_changes(std::string_view base, std::string_view now, unsigned width, std::uint32_t first,
                  std::vector<std::uint32_t>& out) {
  assert(base.size() == now.size() && base.size() % width == 0);
  if (width == 2) {
    find<2>(base, now, first, out);
  } else {
    find<4>(base, now, first, out);
  }
}

}  // namespace troupe
