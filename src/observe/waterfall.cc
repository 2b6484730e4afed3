#include "observe/waterfall.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "observe/gnuplot_text.h"
#include "observe/progress_text.h"
#include "orchestrate/step_stages.h"

namespace troupe {
namespace {

constexpr std::size_t kMostSteps = 8;
constexpr std::size_t kMostRows = 24;
constexpr double kRowHeight = 0.86;  // of the distance of two rows
constexpr int kLabelColumns = 18;

/// Generating and rewarding side by side with training: a row has a lane for each.
int lane_of(const StageField& stage) {
  if (stage.span == &StepStages::generate) return 0;
  return stage.span == &StepStages::reward ? 1 : 2;
}

struct Row {
  std::string label;
  std::int64_t step_began = 0;
  StepStages stages;
};

struct Waterfall {
  std::vector<Row> rows;
  std::int64_t first = std::numeric_limits<std::int64_t>::max();  ///< nanoseconds
  std::int64_t last = 0;
  bool rewards = false;  ///< some row has that stage

  [[nodiscard]] std::int64_t nanos() const { return std::max<std::int64_t>(last - first, 1); }
  [[nodiscard]] double seconds(std::int64_t nanos) const {
    return static_cast<double>(nanos - first) / 1e9;
  }
};

bool has_stages(const StepReport& report) {
  return report.phase != "warm_start" && !report.policies.empty() &&
         std::any_of(report.policies.begin(), report.policies.end(), [](const PolicyStep& policy) {
           return took_place(policy.stages.backward) || took_place(policy.stages.optimizer);
         });
}

Waterfall last_rows(const std::vector<StepReport>& steps, std::int64_t after) {
  std::vector<const StepReport*> shown;
  for (auto at = steps.rbegin(); at != steps.rend() && has_stages(*at); ++at) {
    if (at->step <= after) break;
    const std::size_t rows = (shown.size() + 1) * at->policies.size();
    if (shown.size() >= kMostSteps || (rows > kMostRows && !shown.empty())) break;
    shown.push_back(&*at);
  }
  Waterfall out;
  std::reverse(shown.begin(), shown.end());
  for (const StepReport* report : shown) {
    for (const PolicyStep& policy : report->policies) {
      Row row;
      row.label = std::to_string(report->step);
      if (report->policies.size() > 1) row.label += " " + policy.policy;
      row.label = fit(row.label, kLabelColumns);
      row.step_began = report->began;
      row.stages = policy.stages;
      for (const StageField& stage : kStepStages) {
        const StageSpan& span = row.stages.*stage.span;
        if (!took_place(span)) continue;
        out.first = std::min(out.first, span.begin);
        out.last = std::max(out.last, span.end);
        out.rewards = out.rewards || stage.span == &StepStages::reward;
      }
      out.rows.push_back(std::move(row));
    }
  }
  return out;
}

/// One stage's boxes: middle, then the low and high end, in x and y. Empty if there are none.
std::string boxes(const Waterfall& all, const StageField& stage) {
  const int lanes = all.rewards ? 3 : 2;
  const int lane = lane_of(stage) == 2 ? lanes - 1 : lane_of(stage);
  std::string out;
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    const StageSpan& span = all.rows[i].stages.*stage.span;
    if (!took_place(span)) continue;
    const double left = all.seconds(span.begin);
    const double right = all.seconds(span.end);
    const double top = static_cast<double>(i) + kRowHeight * lane / lanes;
    const double bottom = top + kRowHeight / lanes;
    out += fmt::format("{:.6f} {:.4f} {:.6f} {:.6f} {:.4f} {:.4f}\n", (left + right) / 2,
                       (top + bottom) / 2, left, right, top, bottom);
  }
  return out;
}

}  // namespace

std::string waterfall_script(const std::string& title, const std::vector<StepReport>& steps,
                             std::int64_t after) {
  const Waterfall all = last_rows(steps, after);
  if (all.rows.empty()) return "";
  const auto rows = static_cast<int>(all.rows.size());
  std::string out = gnuplot_head(980, 150 + 34 * rows);
  std::string plots;
  for (std::size_t i = 0; i < kStepStages.size(); ++i) {
    const std::string data = boxes(all, kStepStages[i]);
    if (data.empty()) continue;
    out += fmt::format("${} << EOD\n{}EOD\n", kStepStages[i].name, data);
    plots += fmt::format(
        "{0}${1} using 1:2:3:4:5:6 with boxxyerror lc rgb '{2}' fs solid 1 border lc rgb '{2}' "
        "title '{1}'",
        plots.empty() ? "plot " : ", \\\n     ", kStepStages[i].name, kChartColours[i]);
  }
  std::string labels;
  for (int i = 0; i < rows; ++i) {
    const Row& row = all.rows[static_cast<std::size_t>(i)];
    labels += fmt::format("{}{} {:.2f}", i == 0 ? "" : ", ", gnuplot_quoted(row.label),
                          i + kRowHeight / 2);
    const double began = std::max(all.seconds(row.step_began), 0.0);
    out += fmt::format("set arrow from {0:.6f},{1} to {0:.6f},{2:.2f} nohead lc rgb '#909090'\n",
                       began, i, i + kRowHeight);
  }
  const double end = std::max(all.seconds(all.last), 1e-6);
  out += fmt::format(
      "set title {} font ',18'\nset lmargin 20\n"
      "set border 1 lc rgb '#606060'\nset tics nomirror out\nset grid xtics lt 1 lc rgb '#E4E4E4'\n"
      "set xrange [0:{:.6f}]\nset yrange [{}:0]\nset ytics ({}) scale 0\n"
      "set xlabel 'seconds; a thin line marks where a step begins'\nset ylabel 'step'\n"
      "set key outside right top Left reverse samplen 1\n",
      gnuplot_quoted(title), end, rows, labels);
  return out + plots + "\n";
}

std::string waterfall_text(const std::vector<StepReport>& steps, std::int64_t after, int width) {
  const Waterfall all = last_rows(steps, after);
  if (all.rows.empty()) return "";
  int label_width = 4;
  for (const Row& row : all.rows) label_width = std::max(label_width, columns(row.label));
  std::string out;
  for (const Row& row : all.rows) {
    std::string lines[2];
    for (std::string& line : lines) line.assign(static_cast<std::size_t>(width), ' ');
    for (const StageField& stage : kStepStages) {
      const StageSpan& span = row.stages.*stage.span;
      if (!took_place(span)) continue;
      std::string& line = lines[lane_of(stage) == 2 ? 1 : 0];
      const auto column = [&](std::int64_t nanos) {
        const std::int64_t at = (nanos - all.first) * width / all.nanos();
        return static_cast<int>(std::min<std::int64_t>(at, width - 1));
      };
      for (int i = column(span.begin); i <= column(span.end); ++i) {
        line[static_cast<std::size_t>(i)] = stage.name[0];
      }
    }
    out += pad_right(row.label, label_width) + " |" + lines[0] + "|\n";
    out += pad_right("", label_width) + " |" + lines[1] + "|\n";
  }
  return out + fmt::format("{} 0 s{}\n", pad_right("", label_width),
                           pad_left(fmt::format("{:.3g} s", all.seconds(all.last)), width - 1));
}

}  // namespace troupe
