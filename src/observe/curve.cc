#include "observe/curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "observe/gnuplot_text.h"
#include "observe/progress_text.h"

namespace troupe {
namespace {

constexpr int kLegendColumns = 18;  // what fits beside the panels

std::string cell(double value) {
  return std::isfinite(value) ? fmt::format("{:.8g}", value) : std::string("NaN");
}

struct Curve {
  std::vector<double> step, reward, success;
};

std::string data_block(const std::string& name, const Curve& curve) {
  const int half = static_cast<int>(curve.step.size() / 24);
  const std::vector<double> reward = running_mean(curve.reward, half);
  const std::vector<double> success = running_mean(curve.success, half);
  std::string out = "$" + name + " << EOD\n";
  for (std::size_t i = 0; i < curve.step.size(); ++i) {
    out += cell(curve.step[i]) + " " + cell(curve.reward[i]) + " " + cell(curve.success[i]) + " " +
           cell(reward[i]) + " " + cell(success[i]) + "\n";
  }
  return out + "EOD\n";
}

/// One panel's plot command; `column` 2 is the reward, 3 the success; their means are 2 further.
std::string plot(const std::vector<std::string>& policies, bool smooth, bool evals, int column) {
  std::string out = "plot";
  const char* comma = " ";
  const auto add = [&](const std::string& item) {
    out += comma + item;
    comma = ", \\\n     ";
  };
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const char* colour = kChartColours[i % kChartColours.size()];
    const std::string title = gnuplot_quoted(fit(policies[i], kLegendColumns));
    if (smooth) {
      add(fmt::format("$p{} using 1:{} with lines lw 1 lc rgb '#A0{}' notitle", i, column,
                      colour + 1));
    }
    add(fmt::format("$p{} using 1:{} with {} lw 2.5 pt 7 ps 0.4 lc rgb '{}' title {}", i,
                    column + (smooth ? 2 : 0), smooth ? "lines" : "linespoints", colour, title));
  }
  if (evals) {
    add(
        fmt::format("$evals using 1:{} with linespoints lw 1 dt 2 pt 7 ps 0.7 lc rgb '#202020' "
                    "title 'held-out evaluation'",
                    column));
  }
  return out + "\n";
}

}  // namespace

std::vector<double> running_mean(const std::vector<double>& values, int half) {
  std::vector<double> out;
  const int size = static_cast<int>(values.size());
  for (int i = 0; i < size; ++i) {
    double sum = 0;
    int count = 0;
    for (int j = std::max(i - half, 0); j <= std::min(i + half, size - 1); ++j) {
      const double value = values[static_cast<std::size_t>(j)];
      if (!std::isfinite(value)) continue;
      sum += value;
      ++count;
    }
    out.push_back(count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN());
  }
  return out;
}

std::string curve_script(const std::string& title, const std::vector<StepReport>& steps,
                         const std::vector<EvalReport>& evals) {
  std::vector<std::string> policies;
  std::map<std::string, Curve> curves;
  double last = 1;
  for (const StepReport& report : steps) {
    if (report.phase == "warm_start") continue;
    const auto step = static_cast<double>(report.step);
    last = std::max(last, step);
    for (const PolicyStep& policy : report.policies) {
      if (curves.find(policy.policy) == curves.end()) policies.push_back(policy.policy);
      Curve& curve = curves[policy.policy];
      curve.step.push_back(step);
      curve.reward.push_back(policy.reward);
      curve.success.push_back(policy.success);
    }
  }
  if (policies.empty() && evals.empty()) return "";

  std::string out = gnuplot_head(980, 680);
  bool smooth = false;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const Curve& curve = curves[policies[i]];
    smooth = smooth || curve.step.size() >= 80;
    out += data_block("p" + std::to_string(i), curve);
  }
  if (!evals.empty()) {
    out += "$evals << EOD\n";
    for (const EvalReport& eval : evals) {
      last = std::max(last, static_cast<double>(eval.step));
      out += fmt::format("{} {} {}\n", eval.step, cell(eval.reward), cell(eval.success));
    }
    out += "EOD\n";
  }
  out += fmt::format(
      "set multiplot layout 2,1 title {} font ',18' margins 0.09,0.79,0.11,0.92 spacing 0,0.09\n"
      "set border 3 lc rgb '#606060'\nset tics nomirror out\n"
      "set grid lt 1 lc rgb '#E4E4E4' lw 1\n"
      "set xrange [0:{}]\n"
      "set key at graph 1.02,1 left top Left reverse samplen 2\n"
      "set ylabel 'mean reward' offset 1.2,0\n",
      gnuplot_quoted(title), cell(last));
  out += plot(policies, smooth, !evals.empty(), 2);
  out +=
      "set ylabel 'share of episodes solved' offset 1.2,0\nset xlabel 'RL step'\nset yrange "
      "[0:1.02]\n"
      "set ytics 0,0.2,1\nset key off\n";
  out += plot(policies, smooth, !evals.empty(), 3);
  out += "unset multiplot\n";
  return out;
}

}  // namespace troupe
