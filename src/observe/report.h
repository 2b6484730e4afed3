#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/disk.h"
#include "observe/complaints.h"
#include "observe/observe_options.h"
#include "observe/run_history.h"
#include "observe/transcript_picker.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// Writes RUN/report.md when the run ends, and its charts reward.svg and waterfall.svg if gnuplot
/// is there; without it the report says how to install it and has tables and text instead. Reads
/// the steps from `history`, which must be told of each event before. Not thread-safe; errors go to
/// Complaints.
class ReportWriter : public RunObserver {
 public:
  ReportWriter(const RunHistory& history, Disk& disk, Complaints& complaints, RunGnuplot gnuplot)
      : history_(history), disk_(disk), complaints_(complaints), gnuplot_(std::move(gnuplot)) {}

  void on_transcript(const Transcript& transcript) override;
  void on_finish(const FinalReport& report) override;

 private:
  /// The episodes of the latest step that had some.
  struct Sample {
    std::int64_t step = -1;
    std::unique_ptr<TranscriptPicker> picker;
  };
  /// Draws RUN/`file` and gives the line that shows it, or else why there is no chart and
  /// `instead`.
  std::string chart(const std::string& script, const std::string& file, const std::string& caption,
                    const std::string& instead);
  std::string curve_section();
  std::string pipeline_section();

  const RunHistory& history_;
  Disk& disk_;
  Complaints& complaints_;
  RunGnuplot gnuplot_;
  Sample rl_;
  Sample eval_;
};

}  // namespace troupe
