#include "observe/metrics_jsonl.h"

#include "observe/metrics_format.h"

namespace troupe {

void MetricsJsonl::on_start(const RunInfo& info) {
  path_ = info.folder + "/metrics.jsonl";
  if (!complaints_.check(disk_.make_folders(info.folder))) return;
  std::string kept;
  if (info.resumed && disk_.exists(path_)) {
    const Result<std::string> old = disk_.read(path_);
    if (!old) {
      complaints_.note(old.error().message);
    } else {
      kept = kept_metrics(*old, info.start_step);
    }
  }
  if (const Result<MetricsLog> log = parse_metrics(kept)) {
    for (const EvalReport& eval : log->evals) evals_.emplace(eval.step, eval.when);
  }
  complaints_.check(write_atomic(disk_, path_, kept));
}

void MetricsJsonl::on_step(const StepReport& report) { append(step_line(report)); }

void MetricsJsonl::on_eval(const EvalReport& report) {
  if (evals_.emplace(report.step, report.when).second) append(eval_line(report));
}

void MetricsJsonl::on_checkpoint(const CheckpointReport& report) {
  append(checkpoint_line(report));
}

void MetricsJsonl::on_finish(const FinalReport& report) { append(final_line(report)); }

void MetricsJsonl::append(const std::string& line) {
  complaints_.check(disk_.append(path_, line + "\n"));
}

}  // namespace troupe
