#pragma once

#include <vector>

#include "simulate/studies/ranges.h"

namespace troupe {

// Written down before the study was run for the first time, and not changed to fit its results.
// What is published is in april.cc: 32 prompts x 8 answers of one turn of at most 16,384 tokens,
// over-sampling of 64 prompts, Qwen3-4B and 8B on one node of 8 MI300.
inline const std::vector<StudyRange> kAprilRanges = {
    {"answer_median", 800, 5000, true, false, "tokens of an answer: mathematics with reasoning"},
    {"answer_sigma", 0.6, 1.2, false, false, "of the logarithm: p99 4 to 16 times the median"},
    {"task_variance", 0.1, 0.7, false, false, "share of its square that a prompt's answers share"},
    {"prompt_tokens", 100, 500, true, false, "mathematics"},
    {"kv_share", 0.15, 0.5, false, false,
     "of the longest context, the pages that a sequence holds on average"},
    {"bandwidth", 0.4, 0.75, false, false, "share reached in decoding"},
    {"training", 0.08, 0.4, true, false,
     "MFU, lowered by the passes for log-probs of the old and the reference policy"},
    {"step_overhead", 0.001, 0.01, true, false, "seconds of a decode step besides the roofline"},
};

}  // namespace troupe
