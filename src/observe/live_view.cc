#include "observe/live_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "observe/policy_table.h"
#include "observe/progress_text.h"
#include "observe/run_text.h"

namespace troupe {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr int kNarrowestBar = 12;

/// The bar and what stands beside it; in a narrow terminal first the elapsed time goes, then the
/// bar.
std::string head_line(const StepReport& report, int width) {
  for (const bool elapsed : {true, false}) {
    const std::string text = progress_text(report, elapsed);
    const int bar = std::min(width - columns(text) - 1, 40);
    if (bar >= kNarrowestBar) return progress_bar(report.fraction_done, bar) + " " + text;
  }
  return progress_text(report, false);
}

}  // namespace

LiveView::LiveView(TextSink sink, int width)
    : sink_(std::move(sink)), width_(std::max(width, 20)) {}

void LiveView::on_start(const RunInfo& info) {
  for (const std::string& line : start_lines(info)) print_above(line);
}

void LiveView::on_step(const StepReport& report) {
  if (report.phase != phase_) {
    // The finished phase stays on the screen with its last numbers.
    if (!last_drawn_) draw(last_);
    block_.clear();
    phase_ = report.phase;
    drawn_at_ = -1;
  }
  last_ = report;
  last_drawn_ = false;
  if (drawn_at_ < 0 || report.elapsed - drawn_at_ >= kRedrawSeconds ||
      report.step >= report.steps) {
    draw(report);
  }
}

void LiveView::draw(const StepReport& report) {
  std::vector<std::string> lines = {head_line(report, width_)};
  for (std::string& line : policy_table(report, width_)) lines.push_back(std::move(line));
  if (report.generate_tokens_per_second > 0 || report.train_tokens_per_second > 0) {
    lines.push_back(fmt::format("tokens/s: {} generated, {} trained",
                                count_text(report.generate_tokens_per_second),
                                count_text(report.train_tokens_per_second)));
    const std::string stale = staleness_text(report);
    if (!stale.empty()) lines.back() += "; " + stale;
  }
  if (!report.exact.empty()) lines.push_back(exact_text(report.exact));
  std::string states = states_text(report.states);
  if (!states.empty()) lines.push_back(std::move(states));

  std::string out = erase();
  for (std::string& line : lines) {
    line = fit(line, width_);
    out += line + "\n";
  }
  block_ = std::move(lines);
  drawn_at_ = report.elapsed;
  last_drawn_ = true;
  sink_(out);
}

std::string LiveView::erase() {
  if (block_.empty()) return "";
  // Cursor up n lines to the first column, then clear to the end of the screen.
  return fmt::format("\x1b[{}F\x1b[J", block_.size());
}

void LiveView::print_above(const std::string& line) {
  std::string out = erase() + line + "\n";
  for (const std::string& drawn : block_) out += drawn + "\n";
  sink_(out);
}

void LiveView::on_eval(const EvalReport& report) { print_above(eval_text(report)); }

void LiveView::on_note(const std::string& note) { print_above(note); }

void LiveView::on_finish(const FinalReport&) {
  if (!last_drawn_) draw(last_);
  block_.clear();
}

}  // namespace troupe
