#include "observe/run_history.h"

#include <utility>

#include "observe/metrics_format.h"

namespace troupe {

void RunHistory::on_start(const RunInfo& info) {
  info_ = info;
  const std::string path = info.folder + "/metrics.jsonl";
  if (!info.resumed || !disk_.exists(path)) return;
  const Result<std::string> text = disk_.read(path);
  if (!text) return complaints_.note(text.error().message);
  Result<MetricsLog> log = parse_metrics(kept_metrics(*text, info.start_step));
  if (!log) return complaints_.note(log.error().message);
  steps_ = std::move(log->steps);
  evals_ = std::move(log->evals);
}

void RunHistory::on_step(const StepReport& report) { steps_.push_back(report); }

void RunHistory::on_eval(const EvalReport& report) {
  for (const EvalReport& eval : evals_) {
    if (eval.step == report.step && eval.when == report.when) return;
  }
  evals_.push_back(report);
}

}  // namespace troupe
