#pragma once

#include <string>
#include <vector>

#include "simulate/studies/ranges.h"
#include "simulate/studies/study.h"

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

/// The most by which a kept draw's MARTI-like row may differ from the published one.
constexpr double kFlexmarlMatch = 0.1;

/// The schedule of ours whose division of the devices is chosen by the simulator (planned_split.h);
/// flexmarl_options() gives it before that.
inline constexpr const char* kFlexmarlPlanned = "ours, planned split";
/// The same with a quarter more groups than a step needs; the slowest are put off
/// (redundant_groups).
inline constexpr const char* kFlexmarlSpare = "ours, planned split, spare groups";
/// The names of the schedules, the MARTI-like one first.
std::vector<std::string> flexmarl_rows();
/// One schedule on one draw.
SimulationOptions flexmarl_options(const FlexmarlSetting& setting, const StudyDraw& draw,
                                   const std::string& row, std::int64_t steps);

/// Draws the parameters that are not public (flexmarl_ranges.h), keeps the draws whose MARTI-like
/// row takes the published time within kFlexmarlMatch, and simulates the other schedules with
/// those: none of their published times is used. Blocks.
Result<Study> study_flexmarl(const StudySize& size);
/// Of these settings.
Result<Study> study_flexmarl(const StudySize& size, const std::vector<FlexmarlSetting>& settings);

}  // namespace troupe
