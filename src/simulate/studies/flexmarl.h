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

/// Our schedule on devices that are divided as the draw divides FlexMARL's, a slot for each policy.
inline constexpr const char* kFlexmarlAsTheirs = "ours, devices divided as theirs";
/// What who names nothing gets of us: the same with the devices divided by plan_division(), which
/// knows other episodes (division_plan.h); flexmarl_options() gives it before that.
inline constexpr const char* kFlexmarlDefault = "our default";
/// The same with a quarter more groups than a step needs, of which the slowest are put off
/// (redundant_groups), planned as such; flexmarl_options() gives it before both.
inline constexpr const char* kFlexmarlSpare = "our default, spare groups";
/// The names of the schedules, the MARTI-like one first.
std::vector<std::string> flexmarl_rows();
/// The published seconds of its step; 0: there are none.
double flexmarl_published(const FlexmarlSetting& setting, const std::string& row);
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
