#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace troupe {

/// Appends the places of the values whose bits differ, in rising order; the first value is number
/// `first`. Both views are equally long, a whole number of values of `width` bytes (2 or 4). Bits
/// are compared, not numbers: -0.0 differs from 0.0, and a NaN equals itself. Unchanged memory is
/// read at the memory's speed. Pure.
void find_changes(std::string_view base, std::string_view now, unsigned width, std::uint32_t first,
                  std::vector<std::uint32_t>& out);

}  // namespace troupe
