#pragma once

#include <vector>

#include "simulate/studies/ranges.h"

namespace troupe {

// Written down before the study was run for the first time, and not changed to fit its results.
// What is published is in roll_flash.cc.

/// One turn: queue scheduling, prompt replication and the asynchronous ratio. Published are prompts
/// and answers of each, seconds of a rollout of the first two, speedups of the last on 128 devices.
inline const std::vector<StudyRange> kRollFlashAnswerRanges = {
    {"instances_log2", 2, 5, false, true, "4 to 32 accelerators generate; not published"},
    {"limit_log2", 13, 15, false, true, "answers of at most 8,192 to 32,768 tokens"},
    {"answer_median", 500, 4000, true, false, "tokens of an answer"},
    {"think_median", 2000, 10000, true, false, "of a model that reasons at length"},
    {"answer_sigma", 0.7, 1.3, false, false, "of the logarithm: p99 5 to 20 times the median"},
    {"task_variance", 0.1, 0.7, false, false, "share of its square that a prompt's answers share"},
    {"prompt_tokens", 100, 500, true, false, "mathematics"},
    {"kv_share", 0.15, 0.5, false, false,
     "of the longest context, the pages that a sequence holds on average"},
    {"bandwidth", 0.4, 0.75, false, false, "share reached in decoding"},
    {"training", 0.08, 0.4, true, false,
     "MFU, lowered by the passes for log-probs of the old and the reference policy"},
    {"step_overhead", 0.001, 0.01, true, false, "seconds of a decode step besides the roofline"},
};

/// Many turns in an environment: environment-level asynchrony and redundant environments. Published
/// are the seconds of an environment's step, normal with mean 10 and deviation 10 or 5, the groups
/// and members of the latter, and seconds of a rollout.
inline const std::vector<StudyRange> kRollFlashTurnRanges = {
    {"instances_log2", 2, 5, false, true, "4 to 32 accelerators generate; not published"},
    {"groups_log2", 3, 6, false, true, "8 to 64 groups of 8, where it is not published"},
    {"turns", 8, 40, false, true, "most turns of an episode"},
    {"least_turns", 0.5, 1, false, false, "fewest turns over most"},
    {"answer_median", 50, 400, true, false, "tokens of a turn"},
    {"answer_sigma", 0.5, 1, false, false, "of the logarithm"},
    {"bandwidth", 0.4, 0.75, false, false, "share reached in decoding"},
    {"step_overhead", 0.001, 0.01, true, false, "seconds of a decode step besides the roofline"},
};

}  // namespace troupe
