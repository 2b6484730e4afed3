#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "simulate/simulation.h"
#include "troupe/result.h"

namespace troupe {

/// One schedule of a study in one of its settings.
struct StudyRow {
  std::string setting;         ///< rows of one setting did the same work on equal hardware
  std::string quantity;        ///< what the values are: "seconds of a step"
  std::string schedule;        ///< whose policies, by name
  std::vector<double> values;  ///< one of each draw, all rows of a setting in the same order
  double published = 0;        ///< the paper's figure for it; 0: none
};

/// What a paper says of two schedules, and what the simulator shows of the same two: how many times
/// faster the first is.
struct StudyClaim {
  std::string what;               ///< "tail batching over the plain loop, 7B at 8k"
  double published_low = 0;       ///< what the paper says: a range, or one figure twice; 0: nothing
  double published_high = 0;      ///< (a comparison of ours)
  std::vector<double> simulated;  ///< of each draw
  std::string remark;             ///< why they differ, if that is known
};

/// A published system's policies beside others and ours, on the published setting.
struct Study {
  std::string name;    ///< as on the command line
  std::string title;   ///< one line
  std::string source;  ///< "RollPacker, arXiv 2509.21009"
  std::vector<StudyRow> rows;
  std::vector<StudyClaim> claims;
  std::vector<std::string> assumptions;  ///< sentences: what is not public, and what was chosen
  /// What was drawn, of each draw that the rows have, by name.
  std::map<std::string, std::vector<double>> parameters;
  double wall_seconds = 0;
};

/// How much of it is simulated.
struct StudySize {
  int draws = 0;           ///< of what is not public; 0: as many as the study needs
  std::int64_t steps = 0;  ///< of each simulated run; 0: as many as the study needs
  std::uint64_t seed = 2048;
  std::function<void(int done, int of)> progress;  ///< hears of each draw; may be empty
};

/// A study that can be asked for by name.
struct StudyEntry {
  const char* name;
  const char* what;  ///< for --help
  Result<Study> (*run)(const StudySize& size);
};
/// All of them, in the order of docs/studies.md.
const std::vector<StudyEntry>& all_studies();

/// What rows of seconds have for StudyRow::quantity.
inline constexpr const char* kStepSeconds = "seconds of a step";

/// The seconds of a step of a schedule in a setting; empty if the study has no such row.
const std::vector<double>& seconds_of(const Study& study, const std::string& setting,
                                      const std::string& schedule);
/// Draw by draw, how many times as much `slow` has as `fast`.
std::vector<double> times_faster(const std::vector<double>& slow, const std::vector<double>& fast);
/// The value below which a share of the values are; linear between them. 0 of none.
double quantile(std::vector<double> values, double share);

}  // namespace troupe
