#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe {

/// A parameter of a published evaluation that is not public, and the range that we draw it from.
struct StudyRange {
  const char* name;
  double low, high;
  bool logarithmic;  ///< even in the logarithm, otherwise even
  bool whole;        ///< rounded to a whole number
  const char* why;
};

/// The parameters of one draw, by name.
using StudyDraw = std::map<std::string, double>;

/// The `index`-th draw of a seed. A range's value depends on its place among the others only.
StudyDraw draw_ranges(const std::vector<StudyRange>& ranges, std::uint64_t seed, int index);
/// The ranges as assumptions: one line each.
std::vector<std::string> ranges_text(const std::vector<StudyRange>& ranges);

}  // namespace troupe
