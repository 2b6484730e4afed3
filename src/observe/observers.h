#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "observe/complaints.h"
#include "observe/observe_options.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// Passes each event to several observers, in the order in which they were added. An exception of
/// one of them is noted once on standard error and goes no further. Not thread-safe.
class Observers : public RunObserver {
 public:
  explicit Observers(TextSink complaints);
  ~Observers() override;

  void add(std::unique_ptr<RunObserver> observer);
  /// Whether a report is written: the final report names RUN/report.md, or no report at all.
  void set_report(bool written) { report_ = written; }
  /// For observers that this one owns.
  [[nodiscard]] Complaints& complaints() { return complaints_; }

  void on_start(const RunInfo& info) override;
  void on_step(const StepReport& report) override;
  void on_eval(const EvalReport& report) override;
  void on_checkpoint(const CheckpointReport& report) override;
  void on_transcript(const Transcript& transcript) override;
  void on_note(const std::string& note) override;
  void on_finish(const FinalReport& report) override;

 private:
  Complaints complaints_;
  bool report_ = true;
  std::string folder_;
  std::vector<std::unique_ptr<RunObserver>> observers_;
};

/// All that the options ask for. `disk` must outlive the result. Missing sinks swallow their text.
std::unique_ptr<RunObserver> make_observers(const ObserveOptions& options, Disk& disk);

}  // namespace troupe
