#pragma once

#include <functional>
#include <string>
#include <vector>

#include "simulate/simulation.h"
#include "simulate/studies/ranges.h"
#include "simulate/studies/study.h"

namespace troupe {

/// One row of a study: a schedule and what to do with a draw to get its value.
struct TableRow {
  std::string schedule;
  std::function<Result<double>(const StudyDraw&)> value;
  double published = 0;  ///< 0: nothing
};

/// The rows of one setting, draw by draw, each of the same draws.
class StudyTable {
 public:
  /// `match`: above 0, a draw is kept if the first row's value is the published one within this
  /// share; 0: every draw is kept.
  StudyTable(std::string setting, std::string quantity, std::vector<TableRow> rows,
             double match = 0);

  /// Keeps the draw, unless it does not match or one of its simulations is kInvalid (does not fit
  /// the devices). Other errors are bugs.
  Status add(const StudyDraw& draw);
  /// How many times as much the first has as the second, of each kept draw.
  [[nodiscard]] std::vector<double> times(const std::string& slow, const std::string& fast) const;
  /// Adds "SETTING: FAST over SLOW" to the study's claims.
  void claim(Study& study, const std::string& slow, const std::string& fast, double low,
             double high, std::string remark = "") const;
  /// Its rows and, by name, what was drawn; with `match`, a sentence on what was kept.
  void give_to(Study& study) const;
  [[nodiscard]] std::size_t kept() const { return draws_.size(); }

 private:
  std::vector<TableRow> how_;
  std::vector<StudyRow> rows_;
  double match_;
  int tried_ = 0;
  std::vector<double> first_;  ///< of every draw that fits
  std::vector<StudyDraw> draws_;
};

/// Of a run in mode barrier on devices that do not train: seconds of a step's rollout.
double rollout_seconds(const SimulationResult& barrier);

}  // namespace troupe
