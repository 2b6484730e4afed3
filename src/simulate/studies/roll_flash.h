#pragma once

#include "simulate/simulation.h"
#include "simulate/studies/ranges.h"
#include "simulate/studies/study.h"

namespace troupe {

/// Whose policies a row of ROLL Flash's study has.
struct RollFlashSchedule {
  const char* mode = "barrier";
  const char* router = "least_in_flight";
  const char* balancer = "none";
  const char* tail = "none";
  double tail_factor = 1.25;
  double staleness = 1;        ///< of overlap: the asynchronous ratio
  const char* update = "pin";  ///< of overlap
};

/// One-turn rollout of `prompts` x `answers` on a draw of kRollFlashAnswerRanges.
SimulationOptions roll_flash_answers(const StudyDraw& draw, std::int64_t prompts,
                                     std::int64_t answers, const RollFlashSchedule& schedule);
/// A rollout of many turns whose environment takes normal seconds with mean 10 and this deviation,
/// on a draw of kRollFlashTurnRanges.
SimulationOptions roll_flash_turns(const StudyDraw& draw, std::int64_t groups, double deviation,
                                   const RollFlashSchedule& schedule);

/// Prompt replication, environment-level asynchrony, redundant environments and the asynchronous
/// ratio of ROLL Flash (arXiv 2510.11345). Blocks.
Result<Study> study_roll_flash(const StudySize& size);

}  // namespace troupe
