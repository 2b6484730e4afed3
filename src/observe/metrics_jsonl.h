#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "base/disk.h"
#include "observe/complaints.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// Writes metrics.jsonl in the run folder: a line per step, evaluation and checkpoint, one at the
/// end (docs/formats/metrics.md). A fresh run starts an empty file. A resumed run first drops the
/// lines of steps after its checkpoint, so that no step appears twice, and skips an evaluation
/// whose line is already there. Not thread-safe; errors go to Complaints.
class MetricsJsonl : public RunObserver {
 public:
  MetricsJsonl(Disk& disk, Complaints& complaints) : disk_(disk), complaints_(complaints) {}

  void on_start(const RunInfo& info) override;
  void on_step(const StepReport& report) override;
  void on_eval(const EvalReport& report) override;
  void on_checkpoint(const CheckpointReport& report) override;
  void on_finish(const FinalReport& report) override;

 private:
  void append(const std::string& line);

  Disk& disk_;
  Complaints& complaints_;
  std::string path_;
  std::set<std::pair<std::int64_t, std::string>> evals_;  ///< (step, when) of the lines there
};

}  // namespace troupe
