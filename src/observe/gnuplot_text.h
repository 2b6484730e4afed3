#pragma once

#include <array>
#include <string>

namespace troupe {

/// Okabe and Ito's palette, which colour-blind readers can tell apart; without black and yellow.
inline constexpr std::array<const char*, 6> kChartColours = {"#0072B2", "#D55E00", "#009E73",
                                                             "#CC79A7", "#E69F00", "#56B4E9"};

/// A single-quoted gnuplot string. Nothing inside is expanded.
std::string gnuplot_quoted(const std::string& text);

/// The lines with which a chart begins: an SVG of so many pixels to standard output.
std::string gnuplot_head(int width, int height);

}  // namespace troupe
