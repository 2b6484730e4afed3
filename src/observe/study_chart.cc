#include "observe/study_chart.h"

#include <fmt/format.h>

#include <vector>

#include "observe/gnuplot_text.h"

namespace troupe {
namespace {

using Rows = std::vector<const StudyRow*>;

std::vector<Rows> panels_of(const Study& study) {
  std::vector<Rows> out;
  for (const StudyRow& row : study.rows) {
    if (row.quantity != kStepSeconds || row.values.empty()) continue;
    if (out.empty() || out.back().front()->setting != row.setting) out.emplace_back();
    out.back().push_back(&row);
  }
  return out;
}

/// One panel: rows from top to bottom.
std::string panel(const Rows& rows, std::size_t index) {
  std::string out = fmt::format("$p{} << EOD\n", index);
  std::string labels, points;
  double most = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const StudyRow& row = *rows[i];
    const double high = quantile(row.values, 0.9);
    out +=
        fmt::format("{} {} {} {}\n", i, quantile(row.values, 0.5), quantile(row.values, 0.1), high);
    labels += fmt::format("{}{} {}", i == 0 ? "" : ", ", gnuplot_quoted(row.schedule), i);
    if (row.published > 0) points += fmt::format("{} {}\n", row.published, i);
    most = std::max({most, high, row.published});
  }
  out += fmt::format("EOD\n$q{} << EOD\n{}EOD\n", index, points.empty() ? "-1 -1\n" : points);
  out += fmt::format(
      "set title {} font ',15'\nset ytics ({})\nset yrange [{}:-0.6]\nset xrange [0:{:.6g}]\n",
      gnuplot_quoted(rows.front()->setting), labels, static_cast<double>(rows.size()) - 0.4,
      1.08 * most);
  out += fmt::format(
      "plot $p{0} using (0.5*$2):1:(0.5*$2):(0.32) with boxxyerror fs solid 0.75 lc rgb '{1}' "
      "title 'simulated, median', $p{0} using 2:1:3:4 with xerrorbars pt 0 lw 2 lc rgb '#303030' "
      "title '10 to 90% of the draws', $q{0} using 1:2 with points pt 7 ps 0.9 lc rgb '{2}' "
      "title 'published'\n",
      index, kChartColours[0], kChartColours[1]);
  return out;
}

}  // namespace

std::string study_chart(const Study& study) {
  const std::vector<Rows> panels = panels_of(study);
  std::size_t rows = 0;
  for (const Rows& one : panels) rows += one.size();
  const int height = 90 + 90 * static_cast<int>(panels.size()) + 26 * static_cast<int>(rows);
  std::string out = gnuplot_head(980, height);
  out += fmt::format(
      "set multiplot layout {},1 title {} font ',18'\nset lmargin 32\nset rmargin 4\n"
      "set border 3 lc rgb '#606060'\nset tics nomirror out\n"
      "set grid xtics lt 1 lc rgb '#E4E4E4' lw 1\nset key bottom right\n"
      "set xlabel 'seconds of a step'\n",
      panels.size(), gnuplot_quoted(study.name + ": " + study.source));
  for (std::size_t i = 0; i < panels.size(); ++i) {
    out += panel(panels[i], i);
    out += "set key off\n";
  }
  return out + "unset multiplot\n";
}

}  // namespace troupe
