#pragma once

#include <string>
#include <utility>

#include "observe/text_sink.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// The progress where the stream is not a terminal (a log file, CI): one plain line at the start
/// and the end of each phase and every `seconds` of the run between. Not thread-safe.
class PlainView : public RunObserver {
 public:
  PlainView(TextSink sink, double seconds) : sink_(std::move(sink)), seconds_(seconds) {}

  void on_start(const RunInfo& info) override;
  void on_step(const StepReport& report) override;
  void on_eval(const EvalReport& report) override;
  void on_checkpoint(const CheckpointReport& report) override;
  void on_note(const std::string& note) override;

 private:
  TextSink sink_;
  double seconds_;
  std::string phase_;
  double printed_at_ = 0;
};

}  // namespace troupe
