#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/disk.h"
#include "observe/complaints.h"
#include "observe/event_record.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// One events.out.tfevents.* file, made at the first event. Its name sorts after the files that are
/// already there, because TensorBoard reads a folder's files in the order of their names.
class EventFile {
 public:
  /// `first_step` > 0: a resumed run, whose older files may hold events of that step and later;
  /// readers are told to forget those.
  EventFile(Disk& disk, std::string folder, std::int64_t first_step)
      : disk_(disk), folder_(std::move(folder)), first_step_(first_step) {}
  Status write(const EventBuilder& event, double unix_time);

 private:
  Status open(double unix_time);

  Disk& disk_;
  std::string folder_;
  std::int64_t first_step_;
  std::string path_;  ///< empty until the first event
};

/// Writes TensorBoard event files: RUN/tensorboard/ for RL and the evaluations, and
/// RUN/tensorboard/warm_start/ for the warm start, whose steps are counted apart. Tags are
/// "POLICY/METRIC", "eval/METRIC", "speed/METRIC" and "time/STATE" (a share). A number that is not
/// finite is left out. Not thread-safe; errors go to Complaints.
class TensorBoard : public RunObserver {
 public:
  /// `unix_time` gives seconds since 1970; null: 0.
  TensorBoard(Disk& disk, Complaints& complaints, std::function<double()> unix_time);

  void on_start(const RunInfo& info) override;
  void on_step(const StepReport& report) override;
  void on_eval(const EvalReport& report) override;

 private:
  void write(EventFile* file, const EventBuilder& event);
  [[nodiscard]] double now() const { return unix_time_ ? unix_time_() : 0.0; }

  Disk& disk_;
  Complaints& complaints_;
  std::function<double()> unix_time_;
  std::unique_ptr<EventFile> rl_;
  std::unique_ptr<EventFile> warm_start_;
};

}  // namespace troupe
