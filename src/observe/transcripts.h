#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/disk.h"
#include "observe/complaints.h"
#include "observe/transcript_picker.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// Writes what the agents said, for people: RUN/transcripts/step-000040.txt every `every` steps
/// (and for step 1), and RUN/transcripts/eval-000040.txt for each evaluation whose episodes are
/// reported. Each file holds at most `per_step` episodes, solved and unsolved. A resumed run first
/// removes the files of steps after its checkpoint. Not thread-safe; errors go to Complaints.
class Transcripts : public RunObserver {
 public:
  /// `every` >= 1 steps; `per_step` episodes, 0 writes nothing.
  Transcripts(Disk& disk, Complaints& complaints, std::int64_t every, std::int64_t per_step);

  void on_start(const RunInfo& info) override;
  void on_step(const StepReport& report) override;
  void on_eval(const EvalReport& report) override;
  void on_transcript(const Transcript& transcript) override;
  void on_finish(const FinalReport& report) override;

 private:
  using Pickers = std::map<std::int64_t, TranscriptPicker>;  ///< by step
  void flush(Pickers& pickers, const std::string& kind, std::int64_t last_step);

  Disk& disk_;
  Complaints& complaints_;
  std::int64_t every_;
  std::size_t per_step_;
  std::string folder_;
  Pickers steps_;
  Pickers evals_;
};

}  // namespace troupe
