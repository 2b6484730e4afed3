#pragma once

#include <vector>

#include "simulate/studies/ranges.h"

namespace troupe {

// Written down before the study was run for the first time, and not changed to fit its results.
// What is published is in rose.cc: Qwen3-8B on 16 dedicated H800 and at most 16 lent, Qwen3-32B on
// 48 and at most 64; group 16, batch 256 and 1,024; users' objectives TTFT 500 ms and TPOT 150 ms,
// and 1,000 and 450; a serving trace that takes 14.3% of memory on average, peak 4.22 of the mean.
inline const std::vector<StudyRange> kRoseRanges = {
    {"turns", 8, 30, false, true, "at most; at least a third of them: FrozenLake, ALFWorld"},
    {"answer", 100, 800, true, false, "median tokens: thought and a move"},
    {"answer_sigma", 0.4, 1.0, false, false, "published RL runs: p99 4 to 16 times the median"},
    {"observation", 100, 600, true, false, "tokens: what the environment shows"},
    {"latency", 0.02, 1, true, false, "mean seconds of a call to the environment: text games"},
    {"rate", 0.5, 3, true, false,
     "users' requests a second and instance: about 5 to 30% of its KV memory; 14.3% is published"},
    {"burst", 2, 5, false, false, "rate in a burst; peak 4.22 times the mean is published"},
    {"bandwidth", 0.4, 0.75, false, false, "share reached in decoding"},
    {"prefill", 0.25, 0.5, false, false, "share reached in prefill"},
    {"training", 0.15, 0.4, true, false, "MFU"},
    {"step_overhead", 0.002, 0.015, true, false, "seconds of a decode step besides the roofline"},
};

}  // namespace troupe
