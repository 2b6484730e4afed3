#include "simulate/studies/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace troupe {

StudyDraw draw_ranges(const std::vector<StudyRange>& ranges, std::uint64_t seed, int index) {
  StudyDraw out;
  Rng rng(seed_join(seed, static_cast<std::uint64_t>(index)));
  for (const StudyRange& range : ranges) {
    const double share = rng.uniform();
    double value = range.logarithmic ? range.low * std::pow(range.high / range.low, share)
                                     : range.low + share * (range.high - range.low);
    if (range.whole) {
      value = std::min(range.high, std::floor(range.low + share * (range.high - range.low + 1)));
    }
    out[range.name] = value;
  }
  return out;
}

std::vector<std::string> ranges_text(const std::vector<StudyRange>& ranges) {
  std::vector<std::string> out;
  for (const StudyRange& range : ranges) {
    out.push_back(fmt::format("drawn: {} from {} to {}{}: {}", range.name, range.low, range.high,
                              range.logarithmic ? ", even in the logarithm" : "", range.why));
  }
  return out;
}

}  // namespace troupe
