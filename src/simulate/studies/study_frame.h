#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "simulate/simulation.h"
#include "simulate/studies/ranges.h"
#include "simulate/studies/study.h"

namespace troupe {

/// One simulation of a study: a schedule in a setting.
struct StudyRun {
  std::string setting;
  std::string schedule;
  SimulationOptions options;
};

/// Rows that grow by a value of each draw, in the order in which they were first added to.
class StudyRows {
 public:
  void add(const std::string& setting, const std::string& quantity, const std::string& schedule,
           double value);
  [[nodiscard]] const std::vector<StudyRow>& rows() const { return rows_; }
  [[nodiscard]] std::vector<StudyRow>& rows() { return rows_; }

 private:
  std::vector<StudyRow> rows_;
};

/// What studies have in common: how much of them is simulated, draws one after the other, the
/// ranges among the assumptions, the time that all took. `study` and `ranges` outlive it.
class StudyFrame {
 public:
  /// Of what `size` leaves open there are so many draws and steps.
  StudyFrame(Study& study, StudySize size, const std::vector<StudyRange>& ranges, int draws,
             std::int64_t steps);

  [[nodiscard]] int draws() const { return size_.draws; }
  [[nodiscard]] std::int64_t steps() const { return size_.steps; }
  [[nodiscard]] StudyDraw draw(int index) const;
  /// That draw is over: progress is told.
  void drawn(int index) const;

  /// All draws of a study that keeps each: what was drawn, and a row of step seconds for each of
  /// `runs`, which gives the same settings and schedules for every draw. `done` may add more of a
  /// run. The error of a simulation says which one.
  Status simulate_all(
      const std::function<std::vector<StudyRun>(const StudyDraw&, std::int64_t steps)>& runs,
      const std::function<void(const StudyRun&, const SimulationResult&)>& done) const;

  /// The last thing: the ranges as assumptions, behind the study's own, and the time.
  void close() const;

 private:
  Study& study_;
  StudySize size_;
  const std::vector<StudyRange>& ranges_;
  double began_;
};

/// Adds "SETTING: FAST over SLOW", in seconds of a step, to the study's claims. `low`, `high`: what
/// is published of it; 0: nothing.
void add_claim(Study& study, const std::string& setting, const std::string& slow,
               const std::string& fast, double low, double high, const std::string& remark);

}  // namespace troupe
