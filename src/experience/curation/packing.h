#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace troupe {

/// Sequences that go through one pass together.
struct Pack {
  std::vector<std::size_t> items;  ///< indices into the lengths, ascending
  std::int64_t tokens = 0;         ///< their sum
};

/// Sequences in the order in which they came, each pass filled until the next one does not fit.
std::vector<Pack> pack_in_order(std::span<const std::int64_t> lengths, std::int64_t most);

/// Divides sequences of the given lengths (tokens, at least 0) among passes of at most `most`
/// tokens. Each sequence is in one pass; one that is longer than `most` has a pass to itself.
/// Passes are in the order of their first sequences. A function of the lengths.
///
/// Of three divisions the best: best fit by decreasing length (Johnson 1973), which finds how few
/// passes will do; longest processing time first (Graham 1969), which spreads the sequences evenly
/// over as many; and pack_in_order(). Fewer passes are better, then a shorter longest pass. So the
/// result never has more passes than the order of arrival, nor a longer longest pass at as many.
/// O(n log n), and O(n passes) to find the best fit.
///
/// Bias: none. A group's gradient does not depend on how its sequences are packed.
std::vector<Pack> pack_balanced(std::span<const std::int64_t> lengths, std::int64_t most);

}  // namespace troupe
