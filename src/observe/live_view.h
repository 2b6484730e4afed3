#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "observe/text_sink.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// The progress on a terminal: a bar with the time left and a table of all policies, redrawn in
/// place with ANSI escapes. Evaluations and notes scroll by above it. No line is wider than the
/// terminal, because a wrapped line would break the redrawing. Redraws at most ten times a second
/// of the reports' own clock. Not thread-safe.
class LiveView : public RunObserver {
 public:
  /// `width` in columns, at least 20.
  LiveView(TextSink sink, int width);

  void on_start(const RunInfo& info) override;
  void on_step(const StepReport& report) override;
  void on_eval(const EvalReport& report) override;
  void on_note(const std::string& note) override;
  void on_finish(const FinalReport& report) override;

  /// Prints text above the block; for messages of others while the block is on the screen.
  void print_above(const std::string& line);

 private:
  void draw(const StepReport& report);
  /// The escapes that remove the block, if there is one.
  std::string erase();

  TextSink sink_;
  int width_;
  std::vector<std::string> block_;  ///< the lines on the screen now
  std::string phase_;
  double drawn_at_ = -1;  ///< seconds of the run; < 0: not yet in this phase
  StepReport last_;
  bool last_drawn_ = true;
};

}  // namespace troupe
