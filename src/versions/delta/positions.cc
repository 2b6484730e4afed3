#include "versions/delta/positions.h"

#include <algorithm>
#include <bit>

namespace troupe {
namespace {

constexpr unsigned kEscape = 255;  // a byte of the high stream: so much, and more follows

/// A mean gap of 64 to 127 for the high stream: few escapes, and most of its bits are uneven.
unsigned choose_low_bits(std::uint64_t values, std::uint64_t count) {
  const auto width =
      static_cast<unsigned>(std::bit_width(values / std::max<std::uint64_t>(count, 1)));
  return width <= 7 ? 0 : std::min(width - 7, kMostLowBits);
}

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::kIo, "the places of changed values are damaged");
}

}  // namespace

Gaps split_places(std::span<const std::uint32_t> places, std::uint64_t values) {
  Gaps out;
  out.low_bits = choose_low_bits(values, places.size());
  out.high.reserve(places.size() + places.size() / 8);
  out.low.reserve(low_bytes(places.size(), out.low_bits));
  const std::uint64_t mask = (1ULL << out.low_bits) - 1;
  std::uint64_t next = 0;  // the least place that may come
  std::uint64_t held = 0;
  unsigned bits = 0;
  for (const std::uint32_t place : places) {
    const std::uint64_t gap = place - next;
    next = std::uint64_t{place} + 1;
    std::uint64_t high = gap >> out.low_bits;
    for (; high >= kEscape; high -= kEscape) out.high.push_back(static_cast<char>(kEscape));
    out.high.push_back(static_cast<char>(high));
    held |= (gap & mask) << bits;
    bits += out.low_bits;
    for (; bits >= 8; bits -= 8, held >>= 8) out.low.push_back(static_cast<char>(held & 0xffU));
  }
  if (bits > 0) out.low.push_back(static_cast<char>(held));
  return out;
}

Result<std::vector<std::uint32_t>> join_places(unsigned low_bits, std::string_view high,
                                               std::string_view low, std::uint32_t count,
                                               std::uint64_t values) {
  if (low_bits > kMostLowBits || low.size() != low_bytes(count, low_bits)) return damaged();
  std::vector<std::uint32_t> out(count);
  const std::uint64_t mask = (1ULL << low_bits) - 1;
  std::uint64_t next = 0;
  std::uint64_t held = 0;
  unsigned bits = 0;
  std::size_t from = 0;
  std::size_t low_from = 0;
  for (std::uint32_t& place : out) {
    std::uint64_t gap = 0;
    for (;;) {
      if (from == high.size()) return damaged();
      const auto byte = static_cast<unsigned char>(high[from++]);
      gap += byte;
      if (byte != kEscape) break;
      if (gap > values) return damaged();
    }
    for (; bits < low_bits; bits += 8) {
      held |= std::uint64_t{static_cast<unsigned char>(low[low_from++])} << bits;
    }
    gap = (gap << low_bits) | (held & mask);
    held >>= low_bits;
    bits -= low_bits;
    if (gap >= values || next + gap >= values) return damaged();
    place = static_cast<std::uint32_t>(next + gap);
    next += gap + 1;
  }
  if (from != high.size() || held != 0) return damaged();
  return out;
}

}  // namespace troupe
