#include "observe/plain_view.h"

#include "observe/run_text.h"

namespace troupe {

void PlainView::on_start(const RunInfo& info) {
  for (const std::string& line : start_lines(info)) sink_(line + "\n");
}

void PlainView::on_step(const StepReport& report) {
  const bool first = report.phase != phase_;
  const bool last = report.step >= report.steps;
  if (!first && !last && report.elapsed - printed_at_ < seconds_) return;
  phase_ = report.phase;
  printed_at_ = report.elapsed;
  sink_(plain_line(report) + "\n");
}

void PlainView::on_eval(const EvalReport& report) { sink_(eval_text(report) + "\n"); }

void PlainView::on_checkpoint(const CheckpointReport& report) {
  sink_(checkpoint_text(report) + "\n");
}

void PlainView::on_note(const std::string& note) { sink_(note + "\n"); }

}  // namespace troupe
