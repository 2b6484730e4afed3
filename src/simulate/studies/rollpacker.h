#pragma once

#include <string>
#include <vector>

#include "simulate/simulation.h"
#include "simulate/studies/ranges.h"
#include "simulate/studies/study.h"

namespace troupe {

/// One of RollPacker's settings (arXiv 2509.21009, end-to-end evaluation), with the cumulative
/// speedups that it publishes over veRL.
struct RollpackerSetting {
  std::string name;
  std::string model;
  std::int64_t limit = 0;    ///< tokens of an answer
  std::int64_t devices = 0;  ///< H800
  std::int64_t tensor_parallel = 1;
  double tail_batching = 0, reward_scheduler = 0, planner = 0, stream_trainer = 0;
  std::int64_t prompts = 64;  ///< of a step
};
const std::vector<RollpackerSetting>& rollpacker_settings();

/// The names of the schedules, the plain loop first; each of the next four adds one of RollPacker's
/// parts.
std::vector<std::string> rollpacker_rows();
/// One schedule on one draw, at the setting's own tensor parallelism.
SimulationOptions rollpacker_options(const RollpackerSetting& setting, const StudyDraw& draw,
                                     const std::string& row, std::int64_t steps);

/// Draws what is not public (rollpacker_ranges.h) and simulates every schedule with each draw: the
/// paper gives no seconds that a draw could be matched with. Blocks.
Result<Study> study_rollpacker(const StudySize& size);
/// Of these settings.
Result<Study> study_rollpacker(const StudySize& size,
                               const std::vector<RollpackerSetting>& settings);

}  // namespace troupe
