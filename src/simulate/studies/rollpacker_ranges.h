#pragma once

#include <vector>

#include "simulate/studies/ranges.h"

namespace troupe {

// Written down before the study was run for the first time, and not changed to fit its results.
// What is published is in rollpacker.cc: 128 prompts x 8 answers of one turn; Qwen2.5 7B, 14B and
// 32B with answers of at most 8k, 16k and 32k tokens on 16, 32 and 64 H800; both factors of tail
// batching 1.25; time limits of 2 to 30 s, 1.5 times the longest run of a right answer; and of the
// plain loop that rollout takes 66 to 72% of a step, rewards 5 to 13%, training 21 to 23%.
inline const std::vector<StudyRange> kRollpackerRanges = {
    {"longest", 25, 32, false, false, "published: the longest answer over the median one"},
    {"answer_sigma", 0.9, 1.3, false, false,
     "of the logarithm: the longest of 1,024 is 25 to 32 times the median at 1.0 to 1.08"},
    {"task_variance", 0.1, 0.7, false, false, "share of its square that a prompt's answers share"},
    {"prompt_tokens", 100, 500, true, false, "mathematics and code"},
    {"reward_seconds", 0.2, 5, true, false,
     "median of scoring an answer: rules, test programs and a judge mixed"},
    {"reward_sigma", 0.5, 1.5, false, false, "of its logarithm: a mix of kinds"},
    {"reward_hang", 0, 0.06, false, false, "answers whose program does not end: loops"},
    {"reward_places", 2, 16, true, false, "answers scored at once, for each accelerator"},
    {"kv_share", 0.15, 0.5, false, false,
     "of the longest context, the pages that a sequence holds on average"},
    {"bandwidth", 0.4, 0.75, false, false, "share reached in decoding"},
    {"training", 0.08, 0.4, true, false,
     "MFU, lowered by the passes for log-probs of the old and the reference policy"},
    {"step_overhead", 0.001, 0.01, true, false, "seconds of a decode step besides the roofline"},
};

}  // namespace troupe
