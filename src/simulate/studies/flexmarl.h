#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "simulate/simulation.h"

namespace troupe {

/// One of the two published workloads of FlexMARL (arXiv 2602.09578), with the published seconds of
/// a step.
struct FlexmarlSetting {
  std::string name;
  std::string what;
  std::vector<std::string> models;
  double marti = 0, flexmarl = 0, without_balancing = 0, without_async = 0;
};
const std::vector<FlexmarlSetting>& flexmarl_settings();

/// A schedule of the study.
struct FlexmarlRow {
  std::string name;
  double published = 0;         ///< seconds of a step; 0: none
  std::vector<double> seconds;  ///< of each draw that was kept
  std::vector<double> ratios;   ///< to the MARTI-like row of the same draw
};

struct FlexmarlStudy {
  FlexmarlSetting setting;
  int draws = 0;
  int invalid = 0;            ///< draws that do not fit the devices
  std::vector<double> marti;  ///< seconds of the MARTI-like row of every valid draw
  std::vector<FlexmarlRow> rows;
  std::vector<double> bounds;  ///< of the FlexMARL row, of each draw that was kept
  /// Of the draws that were kept, by name.
  std::map<std::string, std::vector<double>> parameters;
  double wall_seconds = 0;
};

/// The most by which a kept draw's MARTI-like row may differ from the published one.
constexpr double kFlexmarlMatch = 0.1;

/// The `index`-th draw of the study's free parameters (flexmarl_ranges.h), by name.
std::map<std::string, double> flexmarl_draw(const FlexmarlSetting& setting, std::uint64_t seed,
                                            int index);
/// The names of the schedules, the MARTI-like one first.
std::vector<std::string> flexmarl_rows();
/// One schedule on one draw.
SimulationOptions flexmarl_options(const FlexmarlSetting& setting,
                                   const std::map<std::string, double>& draw,
                                   const std::string& row, std::int64_t steps);

/// Draws the parameters that are not public, keeps the draws whose MARTI-like row takes the
/// published time within kFlexmarlMatch, and simulates the other schedules with those: none of
/// their published times is used. `progress` hears draws done and kept. Blocks.
Result<FlexmarlStudy> study_flexmarl(const FlexmarlSetting& setting, int draws, std::int64_t steps,
                                     std::uint64_t seed,
                                     const std::function<void(int done, int kept)>& progress);

/// The value below which a share of the values are; linear between them. 0 of none.
double quantile(std::vector<double> values, double share);

}  // namespace troupe
