#pragma once

#include <vector>

#include "base/disk.h"
#include "observe/complaints.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// What happened in the run so far, for the outputs that are written at its end. A resumed run
/// begins with what metrics.jsonl holds up to its checkpoint, so that curves and summaries cover
/// all steps; add this observer before MetricsJsonl. Memory: about 600 bytes a step and policy.
/// Not thread-safe.
class RunHistory : public RunObserver {
 public:
  RunHistory(Disk& disk, Complaints& complaints) : disk_(disk), complaints_(complaints) {}

  void on_start(const RunInfo& info) override;
  void on_step(const StepReport& report) override;
  void on_eval(const EvalReport& report) override;

  [[nodiscard]] const RunInfo& info() const { return info_; }
  [[nodiscard]] const std::vector<StepReport>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<EvalReport>& evals() const { return evals_; }

 private:
  Disk& disk_;
  Complaints& complaints_;
  RunInfo info_;
  std::vector<StepReport> steps_;
  std::vector<EvalReport> evals_;
};

}  // namespace troupe
